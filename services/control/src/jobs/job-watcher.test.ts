import {
  starterTenant,
  topics,
  trainingJobKey,
  trainingRunnerGroup,
  type TrainingJob,
  type TrainingTask,
} from '@rapport/contracts'
import type { RecordBatch } from '@rapport/messaging'
import { claimTrainingJob, readJob, type ClaimedJob } from '@rapport/model-store'
import type { StoredObject } from '@rapport/object-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cancelJob, createJob } from '../application/training-jobs.ts'
import { JobWatcher, type JobWatcherOptions } from './job-watcher.ts'

const wait = { timeout: 20_000, interval: 10 }
const leaseMs = 30_000

let platform: TestPlatform
let stack: AsyncDisposableStack
let clock: { nowMs: number; now: () => number }
let announced: string[]
let ended: string[]
let flushes: number
let options: JobWatcherOptions

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  platform = stack.use(await createTestPlatform())
  clock = { nowMs: Date.parse('2026-01-01T00:00:00.000Z'), now: () => clock.nowMs }
  announced = []
  ended = []
  flushes = 0
  options = {
    ...platform.dependencies,
    clock,
    flushArchive: () => Promise.resolve(void (flushes += 1)),
    announceChampion: ({ tenant }) => Promise.resolve(void announced.push(tenant)),
    onFinished: ({ tenant, state }) => void ended.push(`${tenant} ${state}`),
    // Looks come from the tests, and from wake-ups.
    pollMs: 600_000,
  }
})
afterEach(() => stack.disposeAsync())

async function startWatcher(): Promise<JobWatcher> {
  const watcher = stack.use(new JobWatcher(options))
  await watcher.start()
  return watcher
}
async function newJob(tenant: string, task: TrainingTask = 'recommender', version?: string): Promise<TrainingJob> {
  const common = { reason: 'request', budgetSeconds: 5, eventCount: 0 } as const
  const { job } = await createJob(options, { ...common, tenant, task, model: task, ...(version && { version }) })
  clock.nowMs += 1
  return job
}
async function claim(job: TrainingJob): Promise<ClaimedJob> {
  const { claimed } = await claimTrainingJob(options.objectStore, job, { owner: job.id, leaseMs, clock })
  if (claimed === undefined) throw new Error('not claimed')
  return claimed
}
/** Wake-ups that are not committed: what KEDA sees. */
async function lag(): Promise<number> {
  const [extent] = await options.eventLog.extents(topics.trainingJobs.name)
  const checkpoints = await options.eventLog.checkpoints(trainingRunnerGroup, topics.trainingJobs.name)
  return (extent?.nextOffset ?? 0) - (checkpoints.get(0)?.nextOffset ?? 0)
}
const reachesLag = (watcher: JobWatcher, count: number): Promise<void> =>
  vi.waitFor(async () => {
    await watcher.look()
    expect(await lag()).toBe(count)
  }, wait)
const wakeUps = async (): Promise<number> =>
  (await options.eventLog.extents(topics.trainingJobs.name))[0]?.nextOffset ?? 0

it('lets the lag of the group be what waits for a runner', async () => {
  const watcher = await startWatcher()
  const one = await newJob('one')
  const two = await newJob('two')
  await vi.waitFor(() => expect(flushes).toBe(2), wait)
  await watcher.look()
  expect(await lag()).toBe(2)
  const running = await claim(one)
  await watcher.look()
  expect(await lag()).toBe(1)
  await claim(two)
  await watcher.look()
  expect(await lag()).toBe(0)
  await running.succeed({ summary: 'done' })
  await watcher.look()
  expect([await lag(), await wakeUps()]).toEqual([0, 2])
})

it('knows after a restart what still waits', async () => {
  const first = await startWatcher()
  const one = await newJob('one')
  await newJob('two')
  await vi.waitFor(() => expect(flushes).toBe(2), wait)
  await claim(one)
  await first[Symbol.asyncDispose]()
  const second = await startWatcher()
  await reachesLag(second, 1)
  await second.look()
  await second.look()
  expect([await lag(), await wakeUps()]).toEqual([1, 2])
})

it('announces a job again, once, whose runner has died, and one that was given back', async () => {
  const watcher = await startWatcher()
  const dead = await claim(await newJob('dead'))
  const back = await claim(await newJob('back'))
  await reachesLag(watcher, 0)
  await watcher.look()
  await back.giveBack()
  clock.nowMs += leaseMs - 2
  for (let look = 0; look < 3; look += 1) await watcher.look()
  await reachesLag(watcher, 1)
  clock.nowMs += 2
  for (let look = 0; look < 4; look += 1) await watcher.look()
  await reachesLag(watcher, 2)
  expect(await wakeUps()).toBe(4)
  await claim(dead.job)
  await claim(back.job)
  await watcher.look()
  expect(await lag()).toBe(0)
})

it('tells of what has ended elsewhere, and announces a champion', async () => {
  const watcher = await startWatcher()
  const promoted = await claim(await newJob('promoted'))
  const kept = await claim(await newJob('kept'))
  const failed = await claim(await newJob('failed'))
  await promoted.succeed({ result: { version: 'v1', algorithm: 'ease', promoted: true } })
  await kept.succeed({ result: { version: 'v1', algorithm: 'ease', promoted: false } })
  await failed.fail({ code: 'X', message: 'x' })
  await watcher.look()
  await watcher.look()
  expect(ended.toSorted()).toEqual(['failed failed', 'kept succeeded', 'promoted succeeded'])
  expect(announced).toEqual(['promoted'])
})

it('ends a cancelled job whose runner has died, and one that has killed its runners', async () => {
  const watcher = await startWatcher()
  const cancelled = await newJob('cancelled')
  await claim(cancelled)
  await cancelJob(options, cancelled)
  const deadly = await newJob('deadly')
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await claim(deadly)
    clock.nowMs += leaseMs
  }
  await watcher.look()
  expect(await readJob(options.objectStore, cancelled)).toMatchObject({ state: 'cancelled' })
  expect(await readJob(options.objectStore, deadly)).toMatchObject({ error: { code: 'RPT_TRAINING_ATTEMPTS' } })
  await watcher.look()
  expect(ended.toSorted()).toEqual(['cancelled cancelled', 'deadly failed'])
  await reachesLag(watcher, 0)
})

it('wakes nobody for what no runner of this release may take, and for a record that is no job', async () => {
  const watcher = await startWatcher()
  await newJob(starterTenant, 'sentiment', 'starter-1000000-a')
  const corrupt = await newJob('corrupt')
  await options.objectStore.put(trainingJobKey('corrupt', corrupt.id), Buffer.from('{}'))
  await newJob('waits', 'text-classification')
  await vi.waitFor(async () => expect(await wakeUps()).toBe(3), wait)
  await reachesLag(watcher, 1)
  for (let look = 0; look < 3; look += 1) await watcher.look()
  expect([await lag(), await wakeUps()]).toEqual([1, 3])
})

it('goes on when the archive cannot be flushed', async () => {
  options = { ...options, flushArchive: () => Promise.reject(new Error('no archiver')) }
  const watcher = await startWatcher()
  await claim(await newJob('one'))
  await reachesLag(watcher, 0)
  expect(await wakeUps()).toBe(1)
})

describe('a wake-up that is taken while a look goes on', () => {
  const instead = <T extends object>(target: T, methods: Partial<T>): T =>
    new Proxy(target, {
      get(_target, name) {
        const value: unknown = Reflect.get(Reflect.has(methods, name) ? methods : target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  /** Sees how many batches were taken, and changes them before. */
  function observeBatches(change: (batch: RecordBatch) => RecordBatch = (batch) => batch): { count: number } {
    const taken = { count: 0 }
    const { eventLog } = options
    const subscribe: typeof eventLog.subscribe = (subscription) =>
      eventLog.subscribe({
        ...subscription,
        onBatch: (batch) => {
          const handled = subscription.onBatch(change(batch))
          taken.count += 1
          return handled
        },
      })
    options = { ...options, eventLog: instead(eventLog, { subscribe }) }
    return taken
  }

  it('is not committed by that look, which does not see its job', async () => {
    const taken = observeBatches()
    const reached = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    const { objectStore } = options
    async function* list(prefix: string): AsyncGenerator<StoredObject> {
      const listed = await Array.fromAsync(objectStore.list(prefix))
      reached.resolve()
      await opened.promise
      yield* listed
    }
    options = { ...options, objectStore: instead(objectStore, { list }) }
    const watcher = await startWatcher()
    options = { ...options, objectStore }
    const looking = watcher.look()
    await reached.promise
    const fresh = await newJob('fresh')
    await vi.waitFor(() => expect(taken.count).toBe(1), wait)
    opened.resolve()
    await looking
    expect(await lag()).toBe(1)
    await claim(fresh)
    await reachesLag(watcher, 0)
  })

  it('is not forgotten when that look commits others', async () => {
    const reached = Promise.withResolvers<void>()
    const opened = Promise.withResolvers<void>()
    const taken = observeBatches((batch) =>
      instead(batch, {
        commit: async (offset) => {
          reached.resolve()
          await opened.promise
          await batch.commit(offset)
        },
      }),
    )
    const watcher = await startWatcher()
    const first = await newJob('first')
    await vi.waitFor(() => expect(taken.count).toBe(1), wait)
    await watcher.look()
    await claim(first)
    const looking = watcher.look()
    await reached.promise
    const second = await newJob('second')
    await vi.waitFor(() => expect(taken.count).toBe(2), wait)
    await claim(second)
    opened.resolve()
    await looking
    await reachesLag(watcher, 0)
  })
})
