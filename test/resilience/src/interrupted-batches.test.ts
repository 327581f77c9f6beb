import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { featureGroup, topics } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import type { ServiceProcess } from './harness/service-process.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { readUncommitted, type Uncommitted } from './harness/uncommitted.ts'

let owned: AsyncDisposableStack
let installation: Installation
let ledger: Ledger
let producers: Producers
let first: ServiceProcess
let second: ServiceProcess

/** Two feature processes, of which the second is not there yet, under as much load as there can be. */
async function setUp(client: string): Promise<void> {
  owned = new AsyncDisposableStack()
  // Without a rewind, so that what comes again does so because it was not committed.
  const env = { RAPPORT_FEATURE_REWIND_SECONDS: '0', RAPPORT_KAFKA_CLIENT: client }
  installation = owned.use(await startInstallation({ env, processes: { feature: 2 } }))
  const [one, two] = installation.processes.feature
  if (one === undefined || two === undefined) throw new Error('there are no two feature processes')
  ;[first, second] = [one, two]
  await second.stop()
  const folder = owned.use(await temporaryFolder())
  ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
  const { url, key } = installation
  producers = new Producers({ url, key, ledger, sources: 4, batchEvents: 100, eventsPerSecond: 1_500, users: 500 })
}

const redelivered = (process: ServiceProcess): Promise<number> => process.metric('rapport_events_redelivered_total')

/** Holds a process at a moment when effects of it are in the online store that it has not committed. */
async function holdBetweenEffectAndCommit(process: ServiceProcess): Promise<Uncommitted[]> {
  await using drivers = await installation.connect()
  for (let attempt = 0; attempt < 200; attempt += 1) {
    await process.pause()
    // What it had sent before is done meanwhile.
    await setTimeout(300)
    const uncommitted = await readUncommitted(drivers.eventLog, installation.redis.port)
    if (uncommitted.length > 0) return uncommitted
    process.resume()
    await setTimeout(20 + attempt)
  }
  throw new Error('the process was never found between effect and commit')
}

/** The first offset that is not committed, by partition. */
async function committed(): Promise<ReadonlyMap<number, number>> {
  await using drivers = await installation.connect()
  const checkpoints = await drivers.eventLog.checkpoints(featureGroup, topics.events.name)
  return new Map([...checkpoints].map(([partition, { nextOffset }]) => [partition, nextOffset]))
}

describe.each(['kafkajs', 'platformatic'])('by %s', (client) => {
  beforeEach(() => setUp(client), 120_000)
  afterEach(() => owned.disposeAsync())

  it('a consumer killed after the effect and before the commit', { timeout: 180_000 }, async () => {
    const uncommitted = await holdBetweenEffectAndCommit(first)
    await first.kill()
    expect(first.isRunning).toBe(false)
    // Nobody else is there: the effects stand, their commits never came.
    const after = await committed()
    for (const { partition, applied } of uncommitted) expect(after.get(partition) ?? 0).toBeLessThanOrEqual(applied)
    await first.start()
    await producers.stop()
    expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
    expect(await redelivered(first)).toBeGreaterThanOrEqual(uncommitted.length)
  })

  it('a rebalance in the middle of a batch, whose consumer comes back afterwards', { timeout: 180_000 }, async () => {
    const uncommitted = await holdBetweenEffectAndCommit(first)
    // It joins the group; the first one is silent for longer than its session, so its partitions go to the second.
    await second.start()
    await vi.waitFor(
      async () => {
        const now = await committed()
        for (const { partition, applied } of uncommitted) expect(now.get(partition) ?? 0).toBeGreaterThan(applied)
      },
      { timeout: 60_000, interval: 500 },
    )
    expect(await redelivered(second)).toBeGreaterThanOrEqual(uncommitted.length)
    const appliedBefore = await second.metric('rapport_events_applied_total')
    first.resume()
    // It still believes that it has the batch; it must find out, and join anew.
    await vi.waitFor(async () => expect(await first.isReady()).toBe(true), { timeout: 30_000, interval: 200 })
    const applied = await first.metric('rapport_events_applied_total')
    await vi.waitFor(
      async () => expect(await first.metric('rapport_events_applied_total')).toBeGreaterThan(applied + 1_000),
      { timeout: 60_000, interval: 200 },
    )
    await vi.waitFor(
      async () => expect(await second.metric('rapport_events_applied_total')).toBeGreaterThan(appliedBefore),
      { timeout: 60_000, interval: 200 },
    )
    await producers.stop()
    expect(await takeBalance(installation, ledger)).toMatchObject(nothingAmiss)
  })
})
