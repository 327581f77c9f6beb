import { topics, type Model, type ModelAliasChange, type TrainingJob } from '@rapport/contracts'
import { createModelStore, updateJob, type ModelStore } from '@rapport/model-store'
import { createTestPlatform, type HttpServer, type TestPlatform } from '@rapport/service-kit/testing'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let server: HttpServer
let key: string
let models: ModelStore

beforeEach(async () => {
  platform = await createTestPlatform()
  server = await platform.serve([await createControlService(testConfig(platform), platform.dependencies)])
  key = await platform.issueKey('acme', ['train', 'models:admin'])
  models = createModelStore(platform.drivers.objectStore, { log: platform.dependencies.log })
})
afterEach(() => platform[Symbol.asyncDispose]())

const call = (options: InjectOptions): Promise<LightMyRequestResponse> =>
  server.app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } })
const get = (url: string): Promise<LightMyRequestResponse> => call({ url })
const post = (url: string, payload: object = {}): Promise<LightMyRequestResponse> =>
  call({ method: 'POST', url, payload })

describe('/v1/training-jobs', () => {
  const newJob = async (): Promise<TrainingJob> => (await post('/v1/training-jobs', { task: 'recommender' })).json()

  it('makes a job that can be found, and wakes whoever runs jobs', async () => {
    const created = await post('/v1/training-jobs', { task: 'recommender', budgetSeconds: 7 })
    expect(created.statusCode).toBe(201)
    const job = created.json<TrainingJob>()
    expect(job).toMatchObject({
      id: 'recommender-000001',
      state: 'queued',
      budgetSeconds: 7,
      reason: 'request',
      attempts: 0,
    })
    expect(created.headers['location']).toBe(`/v1/training-jobs/${job.id}`)
    expect((await get(`/v1/training-jobs/${job.id}`)).json()).toEqual(job)
    const [record] = await platform.drivers.eventLog.read(
      { topic: topics.trainingJobs.name, partition: 0, offset: 0 },
      1,
    )
    expect(record?.key).toBe(`acme/${job.id}`)
  })

  it('refuses a second job while one is under way, also when both come at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => post('/v1/training-jobs', { task: 'recommender' })),
    )
    expect(answers.map((answer) => answer.statusCode).sort((one, other) => one - other)).toEqual([201, 409, 409, 409])
    expect((await get('/v1/training-jobs')).json<{ jobs: TrainingJob[] }>().jobs).toHaveLength(1)
  })

  it('cancels, after which another one may be made', async () => {
    const job = await newJob()
    const cancelled = await post(`/v1/training-jobs/${job.id}/cancel`)
    expect(cancelled.json()).toMatchObject({ state: 'cancelled', finishedAt: expect.any(String) as string })
    expect((await newJob()).id).toBe('recommender-000002')
    const listed = (await get('/v1/training-jobs')).json<{ jobs: TrainingJob[] }>().jobs
    expect(listed.map(({ id }) => id)).toEqual(['recommender-000002', 'recommender-000001'])
    expect((await get('/v1/training-jobs?state=cancelled&limit=1')).json<{ jobs: TrainingJob[] }>().jobs).toHaveLength(
      1,
    )
  })

  it('only asks a running job to end', async () => {
    const job = await newJob()
    await updateJob(platform.drivers.objectStore, { tenant: 'acme', id: job.id }, (now) => ({
      ...now,
      state: 'running',
    }))
    const answer = await post(`/v1/training-jobs/${job.id}/cancel`)
    expect(answer.json()).toMatchObject({ state: 'running', cancelRequestedAt: expect.any(String) as string })
  })

  it('shows everything that a finished job has', async () => {
    const job = await newJob()
    const done: Partial<TrainingJob> = {
      state: 'succeeded',
      leaderboard: [{ algorithm: 'ials', parameters: { factors: 64 }, metrics: { 'ndcg@20': 0.2 }, isWinner: true }],
      result: { version: 'v1', algorithm: 'ials', promoted: true },
      progress: { stage: 'done', fraction: 1 },
      data: { events: 3 },
      summary: 'ials won',
      log: ['a line'],
    }
    await updateJob(platform.drivers.objectStore, { tenant: 'acme', id: job.id }, (now) => ({ ...now, ...done }))
    expect((await get(`/v1/training-jobs/${job.id}`)).json()).toEqual({ ...job, ...done })
  })

  it('knows no job of another tenant, and no task that there is not', async () => {
    const job = await newJob()
    const other = await platform.issueKey('other', ['train'])
    const answer = await call({ url: `/v1/training-jobs/${job.id}`, headers: { authorization: `Bearer ${other}` } })
    expect(answer.statusCode).toBe(404)
    expect((await post('/v1/training-jobs', { task: 'cook' })).json()).toMatchObject({
      error: { details: [{ field: 'task', reason: 'must be one of recommender, text-classification, sentiment' }] },
    })
    expect((await post('/v1/training-jobs', { task: 'recommender', budgetSeconds: 1 })).statusCode).toBe(400)
    expect((await get('/v1/training-jobs/..%2Fother')).statusCode).toBe(400)
  })
})

describe('/v1/models', () => {
  const publish = (version: string, more: { name?: string; task?: string } = {}): Promise<unknown> =>
    models.publish({
      tenant: 'acme',
      name: 'recommender',
      version,
      task: 'recommender',
      algorithm: 'ials',
      framework: 'test',
      inputSchema: {},
      data: { rows: 3, fingerprint: 'x' },
      parameters: {},
      metrics: { test: { 'ndcg@20': 0.2 } },
      codeRevision: 'test',
      files: new Map([['a.bin', new Uint8Array(5)]]),
      ...more,
    })

  it('promotes, rolls back and announces each move', async () => {
    await publish('v1')
    await publish('v2')
    for (const version of ['v1', 'v2']) {
      expect((await post('/v1/models/recommender/promote', { version })).json()).toMatchObject({
        alias: 'champion',
        version,
      })
    }
    expect((await post('/v1/models/recommender/rollback')).json()).toMatchObject({ version: 'v1', revision: 3 })
    const records = await platform.drivers.eventLog.read({ topic: topics.models.name, partition: 0, offset: 0 }, 10)
    const last = JSON.parse(Buffer.from(records.at(-1)?.value ?? []).toString()) as ModelAliasChange
    expect(last).toMatchObject({ tenant: 'acme', name: 'recommender', alias: 'champion', version: 'v1', revision: 3 })
  })

  it('lists versions with their quality and the aliases that name them', async () => {
    expect((await get('/v1/models')).json()).toEqual({ models: [] })
    await publish('v1')
    await post('/v1/models/recommender/promote', { version: 'v1', alias: 'shadow' })
    expect((await get('/v1/models')).json()).toMatchObject({
      models: [{ name: 'recommender', aliases: [{ alias: 'shadow' }] }],
    })
    const model = (await get('/v1/models/recommender')).json<Model>()
    expect(model.versions).toMatchObject([
      { version: 'v1', algorithm: 'ials', bytes: 5, aliases: ['shadow'], metrics: { test: { 'ndcg@20': 0.2 } } },
    ])
    expect((await get('/v1/models/recommender/versions/v1')).json()).toMatchObject({
      version: 'v1',
      files: [{ path: 'a.bin' }],
    })
  })

  it('gives a share to the challenger of a model of texts alone', async () => {
    await publish('v1')
    const promote = (model: string, body: object) => post(`/v1/models/${model}/promote`, { version: 'v1', ...body })
    expect((await promote('recommender', { alias: 'challenger', share: 0.1 })).json()).toMatchObject({
      error: { details: [{ field: 'share', reason: 'is of models of texts, not of a recommender' }] },
    })
    await publish('v1', { name: 'text', task: 'text-classification' })
    expect((await promote('text', { share: 0.1 })).statusCode).toBe(409)
    expect((await promote('text', { alias: 'challenger', share: 1.1 })).statusCode).toBe(400)
    const moved = []
    for (const share of [0.1, 0.1, 0.5, undefined]) {
      moved.push((await promote('text', { alias: 'challenger', share })).json())
    }
    expect(moved).toMatchObject([
      { share: 0.1, revision: 1 },
      { revision: 1 },
      { share: 0.5, revision: 2 },
      { revision: 3 },
    ])
    expect(moved[3]).not.toHaveProperty('share')
    expect(moved[3].history).toEqual([])
  })

  it('refuses what is not there', async () => {
    await publish('v1')
    expect((await get('/v1/models/nothing')).statusCode).toBe(404)
    expect((await get('/v1/models/recommender/versions/v9')).statusCode).toBe(404)
    expect((await post('/v1/models/recommender/promote', { version: 'v9' })).statusCode).toBe(404)
    expect((await post('/v1/models/recommender/promote', { version: '../v1' })).statusCode).toBe(400)
    expect((await post('/v1/models/recommender/rollback')).statusCode).toBe(409)
  })
})
