import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TrainingJob, trainingJobKey } from '@rapport/contracts'
import { type Fixture, openFixture } from '../testing/fixture.ts'
import { claimTrainingJob } from './claim-training-job.ts'
import { type ClaimedJob, LeaseLostError } from './claimed-job.ts'

const ref = { tenant: 'shop', id: 'recommender-000001' } as const
const key = trainingJobKey(ref.tenant, ref.id)
const leaseMs = 30_000

describe('claiming a training job', () => {
  let fixture: Fixture
  beforeEach(async () => {
    fixture = await openFixture()
    await putJob({})
  })
  afterEach(() => fixture[Symbol.asyncDispose]())

  async function putJob(fields: Partial<TrainingJob>): Promise<void> {
    const job: TrainingJob = {
      ...ref,
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
    await fixture.objects.put(key, new TextEncoder().encode(JSON.stringify(job)))
  }
  async function readJob(): Promise<TrainingJob> {
    return JSON.parse(new TextDecoder().decode((await fixture.objects.get(key))?.body)) as TrainingJob
  }
  const claim = (owner: string) => claimTrainingJob(fixture.objects, ref, { owner, leaseMs, clock: fixture.clock })
  async function claimed(owner: string): Promise<ClaimedJob> {
    const outcome = await claim(owner)
    if (outcome.claimed === undefined) throw new Error(outcome.reason)
    return outcome.claimed
  }

  it('takes a queued job, for one of many runners', async () => {
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, runner) => claim(`runner-${runner}`)))
    const winners = outcomes.filter((outcome) => outcome.claimed !== undefined)
    expect(winners).toHaveLength(1)
    expect(
      outcomes.filter((outcome) => outcome.claimed === undefined && outcome.reason === 'held by another'),
    ).toHaveLength(11)
    expect(await readJob()).toMatchObject({
      state: 'running',
      attempts: 1,
      startedAt: '2026-01-01T00:00:00.000Z',
      lease: { owner: winners[0]?.claimed?.job.lease?.owner, expiresAt: '2026-01-01T00:00:30.000Z' },
    })
  })

  it('takes a job whose lease has run out, for one of many, and the old runner finds out', async () => {
    const first = await claimed('one')
    fixture.clock.nowMs += leaseMs - 1
    expect(await claim('two')).toMatchObject({ reason: 'held by another' })
    fixture.clock.nowMs += 1
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, runner) => claim(`late-${runner}`)))
    expect(outcomes.filter((outcome) => outcome.claimed !== undefined)).toHaveLength(1)
    const standing = await readJob()
    expect(standing).toMatchObject({ attempts: 2 })
    const tooLate = [
      () => first.heartbeat(),
      () => first.succeed({ summary: 'x' }),
      () => first.fail({ code: 'X', message: 'x' }),
      () => first.giveBack(),
    ]
    for (const change of tooLate) await expect(change()).rejects.toThrow(LeaseLostError)
    expect(await readJob()).toEqual(standing)
  })

  it('renews the lease with each heartbeat, and keeps it while nobody else has claimed', async () => {
    const job = await claimed('one')
    fixture.clock.nowMs += 2 * leaseMs
    expect(await job.heartbeat({ progress: { stage: 'reading', fraction: 0.25 }, logLines: ['a', 'b'] })).toEqual({
      isCancelRequested: false,
    })
    expect(await claim('two')).toMatchObject({ reason: 'held by another' })
    expect(await readJob()).toMatchObject({
      progress: { stage: 'reading', fraction: 0.25 },
      log: ['a', 'b'],
      lease: { owner: 'one', expiresAt: new Date(fixture.clock.nowMs + leaseMs).toISOString() },
    })
  })

  it('keeps the newest lines of the log', async () => {
    const job = await claimed('one')
    await job.heartbeat({ logLines: Array.from({ length: 150 }, (_, line) => `first ${line}`) })
    await job.heartbeat({ logLines: [...Array.from({ length: 100 }, (_, line) => `second ${line}`), 'x'.repeat(5000)] })
    const { log = [] } = await readJob()
    expect(log).toHaveLength(200)
    expect(log[0]).toBe('first 51')
    expect(log.at(-1)).toHaveLength(1000)
  })

  it('hears of a cancel request with the next heartbeat', async () => {
    const job = await claimed('one')
    await putJob({ ...(await readJob()), cancelRequestedAt: '2026-01-01T00:00:01.000Z' })
    expect(await job.heartbeat()).toEqual({ isCancelRequested: true })
    expect(await job.cancelled({ logLines: ['stopped'] })).toMatchObject({ state: 'cancelled', log: ['stopped'] })
    expect((await readJob()).lease).toBeUndefined()
    expect(await claim('two')).toEqual({ claimed: undefined, reason: 'cancelled' })
  })

  it('cancels a job that was to be cancelled when its runner died', async () => {
    await claimed('one')
    await putJob({ ...(await readJob()), cancelRequestedAt: '2026-01-01T00:00:01.000Z' })
    fixture.clock.nowMs += leaseMs
    expect(await claim('two')).toEqual({ claimed: undefined, reason: 'cancelled' })
    expect(await readJob()).toMatchObject({ state: 'cancelled', finishedAt: '2026-01-01T00:00:30.000Z' })
  })

  it('ends with the outcome, once', async () => {
    const job = await claimed('one')
    const result = { version: 'v1', algorithm: 'ease', promoted: true }
    await job.succeed({ result, summary: 'better' }, { progress: { stage: 'done', fraction: 1 } })
    expect(await readJob()).toMatchObject({ state: 'succeeded', result, summary: 'better', progress: { fraction: 1 } })
    await expect(job.fail({ code: 'X', message: 'x' })).rejects.toThrow(LeaseLostError)
    expect(await claim('two')).toEqual({ claimed: undefined, reason: 'finished' })
  })

  it('does not count an attempt that was given back', async () => {
    await (await claimed('one')).giveBack()
    expect(await readJob()).toMatchObject({ state: 'queued', attempts: 0 })
    expect((await claimed('two')).job).toMatchObject({ attempts: 1 })
  })

  it('fails a job that kills its runners', async () => {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await claimed(`runner-${attempt}`)
      fixture.clock.nowMs += leaseMs
    }
    expect(await claim('runner-4')).toEqual({ claimed: undefined, reason: 'too many attempts' })
    expect(await readJob()).toMatchObject({ state: 'failed', error: { code: 'RPT_TRAINING_ATTEMPTS' } })
  })

  it('has a value for a job that is not there and an error for a record that is none', async () => {
    const other = { tenant: 'shop', id: 'recommender-000002' }
    const options = { owner: 'one', leaseMs, clock: fixture.clock }
    expect(await claimTrainingJob(fixture.objects, other, options)).toEqual({ claimed: undefined, reason: 'not found' })
    expect(await claimTrainingJob(fixture.objects, { ...ref, id: '../x' }, options)).toMatchObject({
      reason: 'not found',
    })
    await fixture.objects.put(key, new TextEncoder().encode('{"state":"queued"}'))
    await expect(claim('one')).rejects.toThrow(expect.objectContaining({ code: 'RPT_TRAINING_JOB_INVALID' }))
  })
})
