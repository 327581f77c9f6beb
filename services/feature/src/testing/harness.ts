import { featureGroup, stateTopics, type Event } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import type { OnlineStore } from '@rapport/online-store'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { Registry } from 'prom-client'
import { vi } from 'vitest'
import { exportState } from '../application/export-state.ts'
import type { FeatureConfig } from '../config.ts'
import { createFeatureService } from '../service.ts'
import { toRecord } from './events.ts'
import { labelsOfAll } from './text-labels.ts'
import { mortal, type Mortal, type Ports } from './mortal.ts'

export const testConfig: FeatureConfig = {
  dedupWindowMs: 24 * 3600 * 1000,
  rewindMs: 60_000,
  maxBatchEvents: 1000,
  archive: { flushBytes: 8 * 1024 ** 2, flushIntervalMs: 30_000, maxBufferedBytes: 48 * 1024 ** 2 },
}

/** A platform with real embedded drivers and what tests of the feature service do with it. */
export interface Harness extends AsyncDisposable {
  readonly platform: TestPlatform
  readonly dependencies: ServiceDependencies
  /** Of reviews also what is found in their texts. */
  publish(events: readonly Event[]): Promise<void>
  /** A running consuming side; disposed with the harness unless it was before. */
  startConsuming(overrides?: Partial<ServiceDependencies>, config?: Partial<FeatureConfig>): Promise<Service>
  /** As `startConsuming`, for a process that may be killed. `wrap` changes how it uses its ports. */
  startMortal(wrap?: (ports: Ports) => Partial<Ports>): Promise<Mortal & { readonly service: Service }>
  /** Resolves when every published record is applied and committed. */
  settled(): Promise<void>
  exported(tenant?: string): Promise<string>
}

export async function createHarness(): Promise<Harness> {
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await createTestPlatform())
  const { dependencies } = platform
  const { eventLog, onlineStore } = dependencies
  const owned = stack.move()
  return {
    platform,
    dependencies,
    publish: async (events) => {
      await eventLog.publish([...events.map(toRecord), ...labelsOfAll(events)])
    },
    startConsuming: async (overrides = {}, config = {}) => {
      const own = { ...dependencies, metrics: new Registry(), ...overrides }
      const service = owned.use(await createFeatureService({ ...testConfig, ...config }, own))
      await service.startConsuming()
      return service
    },
    startMortal: async (wrap = () => ({})) => {
      const process = mortal(dependencies)
      const own = { ...dependencies, metrics: new Registry(), ...process.ports, ...wrap(process.ports) }
      const service = owned.use(await createFeatureService(testConfig, own))
      await service.startConsuming()
      return { ...process, service }
    },
    settled: async () => {
      for (const { name } of stateTopics) await consumed(eventLog, featureGroup, name)
    },
    exported: (tenant = 'shop') => exportText(onlineStore, tenant),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Resolves when the group has committed everything that stands in the topic. */
export async function consumed(eventLog: EventLog, group: string, topic: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const checkpoints = await eventLog.checkpoints(group, topic)
      for (const { partition, nextOffset } of await eventLog.extents(topic)) {
        if (nextOffset > (checkpoints.get(partition)?.nextOffset ?? 0))
          throw new Error(`${topic}/${partition} is behind`)
      }
    },
    { timeout: 20_000, interval: 10 },
  )
}

export async function exportText(onlineStore: OnlineStore, tenant: string): Promise<string> {
  let text = ''
  for await (const chunk of exportState(onlineStore, tenant)) text += chunk
  return text
}
