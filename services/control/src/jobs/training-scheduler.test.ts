import { entities, parts } from '@rapport/features'
import { createModelStore } from '@rapport/model-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeJob, listJobs } from '../application/training-jobs.ts'
import { countAppliedEvents, TrainingScheduler } from './training-scheduler.ts'

let platform: TestPlatform
let scheduler: TrainingScheduler
let nowMs: number

beforeEach(async () => {
  nowMs = Date.now()
  platform = await createTestPlatform({ clock: { now: () => nowMs } })
  const { dependencies } = platform
  const models = createModelStore(dependencies.objectStore, { log: dependencies.log })
  const schedule = { minEvents: 10, everyMs: 3_600_000, pollMs: 60_000, budgetSeconds: 60, firstBudgetSeconds: 5 }
  scheduler = new TrainingScheduler({ ...dependencies, ...schedule, models })
  await platform.issueKey('acme', ['train'])
  await platform.issueKey('quiet', ['train'])
})
afterEach(async () => {
  await scheduler[Symbol.asyncDispose]()
  await platform[Symbol.asyncDispose]()
})

async function applyEvents(from: number, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => ({
    offset: from + index,
    messageId: `m${from + index}`,
    receivedAtMs: nowMs,
    changes: [{ op: 'latest' as const, part: parts.clock, field: 'newestEvent', atMs: nowMs, value: null }],
  }))
  const entity = entities.clock('acme')
  await platform.drivers.onlineStore.apply([{ entity, topic: 'rapport.events.v1', partition: 0, entries }])
}

const jobs = (): ReturnType<typeof listJobs> => listJobs(platform.drivers.objectStore, 'acme', 10)

describe('TrainingScheduler', () => {
  it('makes one job for the tenant that has enough events, with the budget of a first model', async () => {
    await applyEvents(0, 9)
    await scheduler.look()
    expect(await jobs()).toEqual([])
    await applyEvents(9, 1)
    await scheduler.look()
    await scheduler.look()
    expect(await jobs()).toMatchObject([{ reason: 'first', eventsApplied: 10, budgetSeconds: 5, state: 'queued' }])
    expect(await listJobs(platform.drivers.objectStore, 'quiet', 10)).toEqual([])
  })

  it('makes the next one when the time has come and enough is new', async () => {
    await applyEvents(0, 100)
    await scheduler.look()
    const finishedAt = new Date(nowMs).toISOString()
    const [first] = await jobs()
    await changeJob(platform.drivers, first!, (job) => ({ ...job, state: 'succeeded', finishedAt }))
    await applyEvents(100, 10)
    await scheduler.look()
    expect(await jobs()).toHaveLength(1)
    nowMs += 3_600_000
    await scheduler.look()
    expect(await jobs()).toMatchObject([{ reason: 'schedule', eventsApplied: 110, budgetSeconds: 60 }, {}])
  })

  it('counts events that were applied, once each', async () => {
    await applyEvents(0, 5)
    await applyEvents(0, 5)
    expect(await countAppliedEvents(platform.drivers.onlineStore, 'acme')).toBe(5)
    expect(await countAppliedEvents(platform.drivers.onlineStore, 'nobody')).toBe(0)
  })
})
