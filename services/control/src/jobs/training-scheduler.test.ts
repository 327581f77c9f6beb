import { trainingJobKey } from '@rapport/contracts'
import { createModelStore, updateJob } from '@rapport/model-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listJobs } from '../application/training-jobs.ts'
import { TrainingScheduler } from './training-scheduler.ts'

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

const haveEvents = (acme: number): Promise<unknown> =>
  platform.drivers.objectStore.put(
    'training/event-counts/0.json',
    Buffer.from(JSON.stringify({ nextOffset: acme, counts: { acme, quiet: 1 } })),
  )

const jobs = (): ReturnType<typeof listJobs> => listJobs(platform.drivers.objectStore, 'acme', { limit: 10 })

describe('TrainingScheduler', () => {
  it('makes one job for the tenant that has enough events, with the budget of a first model', async () => {
    await haveEvents(9)
    await scheduler.look()
    expect(await jobs()).toEqual([])
    await haveEvents(10)
    await scheduler.look()
    await scheduler.look()
    expect(await jobs()).toMatchObject([{ reason: 'first', eventCount: 10, budgetSeconds: 5, state: 'queued' }])
    expect(await listJobs(platform.drivers.objectStore, 'quiet', { limit: 10 })).toEqual([])
  })

  it('makes the next one when the time has come and enough is new', async () => {
    await haveEvents(100)
    await scheduler.look()
    const finishedAt = new Date(nowMs).toISOString()
    const [first] = await jobs()
    await updateJob(platform.drivers.objectStore, first!, (job) => ({ ...job, state: 'succeeded', finishedAt }))
    await haveEvents(110)
    await scheduler.look()
    expect(await jobs()).toHaveLength(1)
    nowMs += 3_600_000
    await scheduler.look()
    expect(await jobs()).toMatchObject([{ reason: 'schedule', eventCount: 110, budgetSeconds: 60 }, {}])
  })

  it('serves the other tenants when the jobs of one cannot be read', async () => {
    await platform.issueKey('aaa', ['train'])
    await platform.drivers.objectStore.put(
      'training/event-counts/0.json',
      Buffer.from(JSON.stringify({ nextOffset: 100, counts: { aaa: 50, acme: 50 } })),
    )
    await platform.drivers.objectStore.put(trainingJobKey('aaa', 'recommender-000001'), Buffer.from('{}'))
    await scheduler.look()
    expect(await jobs()).toHaveLength(1)
  })
})
