import { type TrainingJob, trainingJobKey } from '@rapport/contracts'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Fixture, openFixture } from '../testing/fixture.ts'
import { claimTrainingJob, endAbandonedJob } from './claim-training-job.ts'
import { findWaitingJobs } from './waiting-jobs.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture[Symbol.asyncDispose]())

async function putJob(tenant: string, id: string, fields: Partial<TrainingJob> = {}): Promise<TrainingJob> {
  const job: TrainingJob = {
    tenant,
    id,
    task: 'recommender',
    model: 'recommender',
    state: 'queued',
    reason: 'request',
    eventCount: 0,
    budgetSeconds: 60,
    requestedAt: '2026-01-01T00:00:00.000Z',
    attempts: 0,
    ...fields,
  }
  await fixture.objects.put(trainingJobKey(tenant, id), new TextEncoder().encode(JSON.stringify(job)))
  return job
}
const found = async (): Promise<string[]> =>
  (await findWaitingJobs(fixture.objects, fixture)).map(({ tenant, id }) => `${tenant}/${id}`)
const at = (second: number): string => new Date(Date.parse('2026-01-01T00:00:00.000Z') + second * 1000).toISOString()

it('finds what waits, of all tenants and tasks, oldest first', async () => {
  await putJob('young', 'recommender-000001', { requestedAt: at(2) })
  await putJob('old', 'recommender-000001', { requestedAt: at(1) })
  await putJob('old', 'text-classification-000001', { task: 'text-classification', requestedAt: at(3) })
  await putJob('done', 'recommender-000001', { state: 'succeeded' })
  await putJob('held', 'recommender-000001', { state: 'running', lease: { owner: 'one', expiresAt: at(1) } })
  expect(await found()).toEqual([
    'old/recommender-000001',
    'young/recommender-000001',
    'old/text-classification-000001',
  ])
  fixture.clock.nowMs += 1000
  expect(await found()).toContain('held/recommender-000001')
})

it('reads the newest job of a tenant and task alone, by its number', async () => {
  for (const number of [2, 9, 10, 1_000_000])
    await putJob('shop', `recommender-${String(number).padStart(6, '0')}`, { state: 'failed' })
  await putJob('shop', 'recommender-1000001')
  let reads = 0
  const counting = new Proxy(fixture.objects, {
    get(target, name) {
      if (name === 'get') reads += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  expect(await findWaitingJobs(counting, fixture)).toMatchObject([{ id: 'recommender-1000001' }])
  expect(reads).toBe(1)
})

it('tells of a record that is no job, and finds the others', async () => {
  await fixture.objects.put('jobs/a/recommender-000001.json', new TextEncoder().encode('{"state":"queued"}'))
  await fixture.objects.put('jobs/a/notes.json', new TextEncoder().encode('{}'))
  await putJob('b', 'recommender-000001')
  expect(await found()).toEqual(['b/recommender-000001'])
  expect(fixture.log.lines).toEqual([{ level: 'error', message: 'a training job cannot be read' }])
})

it('ends what nobody may claim any more, and nothing else', async () => {
  const end = (tenant: string) => endAbandonedJob(fixture.objects, { tenant, id: 'recommender-000001' }, fixture)
  const lease = { owner: 'gone', expiresAt: at(0) }
  await putJob('cancelled', 'recommender-000001', { state: 'running', attempts: 1, lease, cancelRequestedAt: at(0) })
  await putJob('deadly', 'recommender-000001', { state: 'running', attempts: 3, lease })
  const retried = await putJob('retried', 'recommender-000001', { state: 'running', attempts: 2, lease })
  const queued = await putJob('queued', 'recommender-000001')
  expect(await end('cancelled')).toMatchObject({ state: 'cancelled', finishedAt: at(0) })
  expect(await end('deadly')).toMatchObject({ state: 'failed', error: { code: 'RPT_TRAINING_ATTEMPTS' } })
  expect(await end('retried')).toEqual(retried)
  expect(await end('queued')).toEqual(queued)
  expect(await end('nobody')).toBeUndefined()
  const held = { owner: 'works', expiresAt: at(60) }
  const works = await putJob('works', 'recommender-000001', {
    state: 'running',
    attempts: 3,
    lease: held,
    cancelRequestedAt: at(0),
  })
  expect(await end('works')).toEqual(works)
  const options = { owner: 'two', leaseMs: 1000, clock: fixture.clock }
  expect((await claimTrainingJob(fixture.objects, retried, options)).claimed?.job.attempts).toBe(3)
})
