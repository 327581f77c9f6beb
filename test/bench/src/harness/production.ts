import type { ServiceName } from '@rapport/contracts'
import { startInstallation, type Installation } from '@rapport/test-resilience/installation'
import { ServiceProcess } from '@rapport/test-resilience/service-process'
import { measureProcess, type MeasuredPlatform } from './platform.ts'

/** Every service a process of its own, on real servers; one process is measured at a time. */
export interface Production extends AsyncDisposable {
  readonly installation: Installation
  /**
   * One service, as a new process. Those that the installation started end before: what they do in the background would
   * be measured along.
   */
  measured(service: ServiceName, options: MeasuredOptions): Promise<MeasuredPlatform>
}

export interface MeasuredOptions {
  readonly connections: number
  readonly env?: Readonly<Record<string, string>>
}

const unlimited = { RAPPORT_KEY_RATE_PER_SECOND: '10000000', RAPPORT_KEY_BURST: '10000000' }

export async function startProduction(): Promise<Production> {
  const installation = await startInstallation({ env: unlimited })
  const { kafka, redis, s3, stores, key, gateway, processes } = installation
  const servers = [...kafka.servers, redis.server, s3.server]
  return {
    installation,
    async measured(service, { connections, env = {} }) {
      for (const running of [gateway, ...Object.values(processes).flat()]) await running.stop()
      await using stack = new AsyncDisposableStack()
      const all = { ...stores, ...unlimited, RAPPORT_LOG_LEVEL: 'warn', ...env }
      const started = stack.use(await ServiceProcess.start(service, ['serve', service], all))
      const serverPids = servers.map(({ pid }) => pid)
      const platform = stack.use(measureProcess({ pid: started.pid, serverPids, url: started.url, key }, connections))
      const owned = stack.move()
      return { ...platform, [Symbol.asyncDispose]: () => owned.disposeAsync() }
    },
    [Symbol.asyncDispose]: () => installation[Symbol.asyncDispose](),
  }
}
