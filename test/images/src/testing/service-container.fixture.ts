import { setTimeout } from 'node:timers/promises'
import { freePorts, ownerLabels, removeContainer, type Engine } from '@rapport/infra'

export interface ContainerOptions {
  readonly image: string
  readonly env: Readonly<Record<string, string>>
}

/** A container of a service that is ready. */
export interface ServiceContainer extends AsyncDisposable {
  readonly url: string
  /** From the start of the container to the first 200 of `/health/ready`. */
  readonly readyMs: number
  /** Runs a script in the container's Node and resolves with what it prints. */
  evaluate(script: string): Promise<string>
  /** Tells it to end, as a cluster does. Resolves with the exit status. */
  stop(): Promise<number>
  /** Ends it as a crash would (SIGKILL). Resolves when it is gone. */
  kill(): Promise<void>
  /** The lines of `/metrics` of one metric. */
  samples(metric: string): Promise<readonly string[]>
}

/** A pod's `restricted` security context, and a limit of memory as in the manifests. */
const restricted = {
  ReadonlyRootfs: true,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  Memory: 512 * 1024 ** 2,
  PidsLimit: 256,
  // Where the tests' servers are.
  NetworkMode: 'host',
}

const readyWithinMs = 60_000

/** Starts a service under the restricted context. */
export async function startServiceContainer(engine: Engine, options: ContainerOptions): Promise<ServiceContainer> {
  const [port = 0] = await freePorts(1)
  const { dockerode } = engine.container
  const container = await dockerode.createContainer({
    Image: options.image,
    Labels: ownerLabels(false),
    User: '10001:10001',
    Env: Object.entries({ ...options.env, PORT: String(port) }).map(([name, value]) => `${name}=${value}`),
    HostConfig: restricted,
  })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => removeContainer(engine, container.id))
  const startedAt = performance.now()
  await container.start()
  const url = `http://127.0.0.1:${port}`
  while (!(await isReady(url))) {
    const { State } = await container.inspect()
    const log = async (): Promise<string> => (await container.logs({ stdout: true, stderr: true, tail: 50 })).toString()
    if (!State.Running)
      throw new Error(`${options.image} ended with ${State.ExitCode} while it started:\n${await log()}`)
    if (performance.now() - startedAt > readyWithinMs)
      throw new Error(`${options.image} was not ready within ${readyWithinMs / 1000} s:\n${await log()}`)
    await setTimeout(50)
  }
  const readyMs = performance.now() - startedAt
  const owned = stack.move()
  return {
    url,
    readyMs,
    evaluate: async (script) => {
      const exec = await container.exec({
        Cmd: ['node', '-e', script],
        AttachStdout: true,
        AttachStderr: true,
        Tty: true,
      })
      const stream = await exec.start({ Tty: true })
      let printed = ''
      for await (const chunk of stream) printed += String(chunk)
      return printed.trim()
    },
    stop: async () => {
      await container.stop({ t: 30 })
      return (await container.inspect()).State.ExitCode
    },
    kill: async () => {
      const ended = container.wait()
      await container.kill({ signal: 'SIGKILL' })
      await ended
    },
    samples: async (metric) => {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
      return lines.filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.status === 200
}
