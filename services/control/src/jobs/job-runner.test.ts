import {
  starterTenant,
  topics,
  trainingJobKey,
  type ModelAliasChange,
  type TrainingJob,
  type TrainingTask,
} from '@rapport/contracts'
import { readJob, type JobRef } from '@rapport/model-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { constants, getPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { cancelJob, createJob } from '../application/training-jobs.ts'
import { JobRunner, type JobRunnerOptions } from './job-runner.ts'
import { createStartTraining, type StartTraining, type TrainingProcess } from './training-process.ts'

const entry = fileURLToPath(new URL('training-process.fixture.ts', import.meta.url))
const wait = { timeout: 20_000, interval: 20 }

let platform: TestPlatform
let stack: AsyncDisposableStack
let lines: object[]
let announced: TrainingJob[]
let ended: TrainingJob[]
let started: { job: JobRef; process: TrainingProcess }[]
let options: JobRunnerOptions

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  platform = stack.use(await createTestPlatform())
  lines = []
  announced = []
  ended = []
  started = []
  const write = (fields: object): void => void lines.push(fields)
  const log = { debug: write, info: write, warn: write, error: write }
  const start = createStartTraining({
    entry,
    stores: { RAPPORT_DATA_DIR: platform.dataDir },
    memoryMb: 256,
    keepVersions: 3,
    logLevel: 'info',
    log,
  })
  const startTraining: StartTraining = (job, owner) => {
    const process = start(job, owner)
    started.push({ job, process })
    return process
  }
  options = {
    ...platform.dependencies,
    log,
    startTraining,
    flushArchive: () => Promise.resolve(),
    announceChampion: (job) => Promise.resolve(void announced.push(job)),
    onFinished: (job) => void ended.push(job),
    pollMs: 20,
    graceMs: 2_000,
  }
})
afterEach(() => stack.disposeAsync())

async function startRunner(changes: Partial<JobRunnerOptions> = {}): Promise<JobRunner> {
  const runner = stack.use(new JobRunner({ ...options, ...changes }))
  await runner.start()
  return runner
}

async function newJob(tenant: string): Promise<TrainingJob> {
  const { job } = await createJob(options, {
    tenant,
    task: 'recommender',
    model: 'recommender',
    reason: 'request',
    budgetSeconds: 5,
    eventCount: 0,
  })
  return job
}

const stateOf = async (job: JobRef): Promise<string | undefined> =>
  (await readJob(platform.drivers.objectStore, job))?.state
const reaches = (job: JobRef, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await stateOf(job)).toBe(state), wait)

describe('JobRunner', () => {
  it('runs a job in a process, hands its log on and announces the champion', async () => {
    await startRunner()
    const job = await newJob('succeeds')
    await reaches(job, 'succeeded')
    await vi.waitFor(() => expect(announced).toHaveLength(1), wait)
    expect(announced[0]?.result?.promoted).toBe(true)
    expect(lines).toContainEqual({ step: 'claimed', tenant: 'succeeds', job: job.id })
  })

  it('leaves the starter models of a later release to the processes of that release, and takes those of an earlier one', async () => {
    const fields = { tenant: starterTenant, reason: 'release', budgetSeconds: 5, eventCount: 0 } as const
    const starterJob = async (task: TrainingTask, model: string, version: string) =>
      (await createJob(options, { ...fields, task, model, version })).job
    const later = await starterJob('sentiment', 'sentiment', 'starter-1000000-a')
    const earlier = await starterJob('text-classification', 'text', 'starter-0-a')
    await startRunner()
    await reaches(earlier, 'running')
    expect(await readJob(platform.drivers.objectStore, later)).toEqual(later)
  })

  it('tries three times when the process crashes, and then says how it ended', async () => {
    await startRunner()
    const job = await newJob('crashes')
    await reaches(job, 'failed')
    const failed = await readJob(platform.drivers.objectStore, job)
    expect(failed).toMatchObject({ attempts: 3, error: { code: 'RPT_TRAINING_CRASHED' } })
    expect(failed?.error?.message).toContain('code 6')
    expect(failed?.error?.message).toContain('out of tea')
    expect(failed).not.toHaveProperty('lease')
    expect(started).toHaveLength(3)
  })

  it('does not start a process for ever that dies before it claims', async () => {
    await startRunner()
    await reaches(await newJob('dies-early'), 'failed')
    expect(started).toHaveLength(3)
  })

  it('gives a process low priority, and cancels a running job by ending it', async () => {
    await startRunner()
    const job = await newJob('waits')
    await reaches(job, 'running')
    expect(getPriority(started[0]?.process.pid ?? 0)).toBe(constants.priority.PRIORITY_LOW)
    await cancelJob(options, job)
    await reaches(job, 'cancelled')
    expect((await started[0]?.process.exited)?.signal).toBe('SIGTERM')
  })

  it('runs one at a time, the oldest first', async () => {
    const first = await newJob('waits')
    const second = await newJob('waits-too')
    await startRunner()
    await reaches(first, 'running')
    expect(await stateOf(second)).toBe('queued')
    expect(started).toHaveLength(1)
    await cancelJob(options, first)
    await reaches(second, 'running')
  })

  it('tells of each job that finishes, also of one that somebody else ran, and of none from before', async () => {
    const put = (job: TrainingJob): Promise<unknown> =>
      platform.drivers.objectStore.put(trainingJobKey(job.tenant, job.id), Buffer.from(JSON.stringify(job)))
    const before = await newJob('before')
    await put({ ...before, state: 'failed', finishedAt: '2020-01-01T00:00:00.000Z' })
    await startRunner()
    await put({ ...before, tenant: 'elsewhere', state: 'succeeded', finishedAt: new Date().toISOString() })
    await reaches(await newJob('succeeds'), 'succeeded')
    await vi.waitFor(() => expect(ended).toHaveLength(2), wait)
    expect(ended.map(({ tenant }) => tenant).toSorted()).toEqual(['elsewhere', 'succeeds'])
    expect(ended.find(({ tenant }) => tenant === 'succeeds')?.startedAt).toBeDefined()
  })

  it('runs the jobs of others while a record is no job', async () => {
    const broken = trainingJobKey('aaa', 'recommender-000001')
    await platform.drivers.objectStore.put(broken, Buffer.from('{"state":"queued"}'))
    await platform.drivers.objectStore.put(trainingJobKey('aab', 'recommender-000001'), Buffer.from('{"sta'))
    await startRunner()
    await reaches(await newJob('succeeds'), 'succeeded')
    expect(lines).toContainEqual(expect.objectContaining({ tenant: 'aaa', job: 'recommender-000001' }))
  })

  it('leaves no process behind when it stops, and the job waits for the next start', async () => {
    const runner = await startRunner()
    const job = await newJob('waits')
    await reaches(job, 'running')
    await runner[Symbol.asyncDispose]()
    expect(await readJob(platform.drivers.objectStore, job)).toMatchObject({ state: 'queued', attempts: 0 })
    const { pid } = started[0]?.process ?? {}
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
  })

  it('takes over a job whose lease has expired, and leaves one alone whose lease holds', async () => {
    const dead = await newJob('succeeds')
    const alive = await newJob('waits')
    const running = (job: TrainingJob, expiresAt: string): Promise<unknown> =>
      platform.drivers.objectStore.put(
        trainingJobKey(job.tenant, job.id),
        Buffer.from(JSON.stringify({ ...job, state: 'running', attempts: 1, lease: { owner: 'gone', expiresAt } })),
      )
    await running(dead, '2020-01-01T00:00:00.000Z')
    await running(alive, '2999-01-01T00:00:00.000Z')
    await startRunner()
    await reaches(dead, 'succeeded')
    expect(started.map(({ job }) => job.tenant)).toEqual(['succeeds'])
  })

  it('trains on what is archived when the archive cannot be flushed', async () => {
    await startRunner({ flushArchive: () => Promise.reject(new Error('no archiver')) })
    const job = await newJob('succeeds')
    await reaches(job, 'succeeded')
    expect(await stateOf(job)).toBe('succeeded')
  })
})

describe('announcements', () => {
  it('wake a runner that would not look for long', async () => {
    await startRunner({ pollMs: 600_000 })
    const job = await newJob('succeeds')
    await reaches(job, 'succeeded')
    expect(started).toHaveLength(1)
  })

  it('are what the service publishes for a champion', async () => {
    const { announceChampion } = await import('./announce-champion.ts')
    const { createModelStore } = await import('@rapport/model-store')
    await startRunner()
    await reaches(await newJob('succeeds'), 'succeeded')
    const models = createModelStore(platform.drivers.objectStore, options)
    await announceChampion({ ...options, models }, { tenant: 'succeeds', model: 'recommender' })
    const [record] = await platform.drivers.eventLog.read({ topic: topics.models.name, partition: 0, offset: 0 }, 1)
    expect(record?.key).toBe('succeeds/recommender/champion')
    const change = JSON.parse(Buffer.from(record?.value ?? []).toString()) as ModelAliasChange
    expect(change).toMatchObject({ alias: 'champion', revision: 1 })
  })
})
