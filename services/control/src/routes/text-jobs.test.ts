import { trainingJobKey, type ErrorBody, type TrainingJob } from '@rapport/contracts'
import { createModelStore, updateJob } from '@rapport/model-store'
import { createTestPlatform, type HttpServer, type TestPlatform } from '@rapport/service-kit/testing'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let server: HttpServer
let key: string

beforeEach(async () => {
  platform = await createTestPlatform()
  server = await platform.serve([await createControlService(testConfig(platform), platform.dependencies)])
  key = await platform.issueKey('acme', ['train'])
})
afterEach(() => platform[Symbol.asyncDispose]())

const call = (options: InjectOptions): Promise<LightMyRequestResponse> =>
  server.app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } })
const post = (payload: object): Promise<LightMyRequestResponse> =>
  call({ method: 'POST', url: '/v1/training-jobs', payload })

async function upload(query = ''): Promise<string> {
  const payload = 'text,label\ngood tea,good\nbad tea,bad\n'
  const headers = { 'content-type': 'text/csv' }
  const made = await call({ method: 'POST', url: `/v1/datasets/reviews${query}`, headers, payload })
  return made.json<{ version: string }>().version
}
const job = { task: 'text-classification', dataset: { name: 'reviews' } }
const errorOf = (answer: LightMyRequestResponse): ErrorBody['error'] => answer.json<ErrorBody>().error

describe('jobs on texts', () => {
  it('are made for the version that stands now', async () => {
    await upload()
    const version = await upload()
    const own = { dictionary: ['降噪耳机壳', 'C++'], hashBits: 18 }
    const algorithms = ['linear-svm', 'text-cnn']
    const wanted = { algorithms, budgetSeconds: 9, objective: 'macro-f1', device: 'gpu', ...own }
    const created = await post({ ...job, ...wanted })
    expect(created.statusCode).toBe(201)
    expect(created.json()).toMatchObject({
      id: 'text-classification-000001',
      model: 'text',
      dataset: { name: 'reviews', version },
      ...wanted,
      state: 'queued',
    })
    await upload()
    const { id } = created.json<TrainingJob>()
    expect((await call({ url: `/v1/training-jobs/${id}` })).json()).toEqual(created.json())
  })

  it('take a version by its name, and stand beside one of another task', async () => {
    const version = await upload()
    await upload()
    const dataset = { name: 'reviews', version }
    const sentiment = (await post({ task: 'sentiment', dataset })).json<TrainingJob>()
    expect(sentiment).toMatchObject({ model: 'sentiment', dataset, objective: 'accuracy' })
    expect((await post({ task: 'recommender' })).statusCode).toBe(201)
    expect((await post({ ...job, model: 'reviews-en' })).json()).toMatchObject({ model: 'reviews-en' })
    expect((await post(job)).statusCode).toBe(409)
    const { jobs } = (await call({ url: '/v1/training-jobs' })).json<{ jobs: TrainingJob[] }>()
    expect(jobs.map(({ task }) => task)).toEqual(
      expect.arrayContaining(['recommender', 'sentiment', 'text-classification']),
    )
  })

  it('are listed newest first across tasks, whatever their numbers', async () => {
    await upload()
    for (const [index, task] of ['recommender', 'recommender', 'sentiment'].entries()) {
      const made = (await post(task === 'sentiment' ? { ...job, task } : { task })).json<TrainingJob>()
      const requestedAt = `2026-01-0${index + 1}T00:00:00.000Z`
      const ref = { tenant: 'acme', id: made.id }
      await updateJob(platform.drivers.objectStore, ref, (now) => ({ ...now, requestedAt, state: 'cancelled' }))
    }
    const list = await call({ url: '/v1/training-jobs?limit=2' })
    expect(list.json<{ jobs: TrainingJob[] }>().jobs.map(({ id }) => id)).toEqual([
      'sentiment-000001',
      'recommender-000002',
    ])
  })

  it('are refused without a data set that a classifier can learn from', async () => {
    expect(await post(job)).toMatchObject({ statusCode: 404 })
    expect(errorOf(await post(job)).message).toContain('data set "reviews"')
    await upload('?label=')
    const unlabelled = await post(job)
    expect(unlabelled.statusCode).toBe(409)
    expect(errorOf(unlabelled).details).toEqual([{ field: 'dataset', reason: 'has no labels' }])
    await upload('?multiLabel=true')
    for (const refused of [
      { ...job, task: 'sentiment' },
      { ...job, algorithms: ['multinomial-nb', 'text-cnn'] },
    ]) {
      expect(errorOf(await post(refused)).details).toMatchObject([{ field: 'dataset' }])
    }
    expect((await post({ ...job, algorithms: ['multinomial-nb', 'linear-svm'] })).statusCode).toBe(201)
    const old = { ...job, dataset: { name: 'reviews', version: 'v0' } }
    expect(errorOf(await post(old)).message).toContain('version v0 of the data set "reviews"')
  })

  it('name the field that is wrong, of the task that is meant', async () => {
    const detailsOf = async (body: object): Promise<unknown> => errorOf(await post(body)).details
    expect(await detailsOf({ task: 'sentiment' })).toEqual([{ field: 'dataset', reason: 'is required' }])
    expect(await detailsOf({ task: 'recommender', dataset: { name: 'reviews' } })).toEqual([
      { field: 'dataset', reason: 'is not a known field' },
    ])
    expect(await detailsOf({ ...job, algorithms: ['magic'] })).toMatchObject([{ field: 'algorithms.0' }])
    expect(await detailsOf({ ...job, device: 'tpu' })).toMatchObject([{ field: 'device' }])
    expect(await detailsOf({ ...job, dictionary: ['好', 'two words'] })).toMatchObject([{ field: 'dictionary.1' }])
    expect(await detailsOf({ ...job, hashBits: 40 })).toMatchObject([{ field: 'hashBits' }])
    expect(await detailsOf({ dataset: { name: 'reviews' } })).toEqual([{ field: 'task', reason: 'is required' }])
    expect(await detailsOf([])).toEqual([{ field: 'body', reason: 'must be object' }])
  })

  it('never take the model of another task', async () => {
    await upload()
    const details = [{ field: 'model', reason: 'is a model of the task recommender' }]
    expect(errorOf(await post({ ...job, model: 'recommender' })).details).toEqual(details)
    const models = createModelStore(platform.drivers.objectStore, { log: platform.dependencies.log })
    const { version } = await models.publish({
      tenant: 'acme',
      name: 'mood',
      task: 'sentiment',
      algorithm: 'linear-svm',
      framework: 'rapport',
      inputSchema: {},
      data: { rows: 3, fingerprint: 'x' },
      parameters: {},
      metrics: {},
      codeRevision: 'test',
      files: new Map(),
    })
    await models.promote({ tenant: 'acme', name: 'mood', alias: 'champion' }, version)
    expect(errorOf(await post({ ...job, model: 'mood' })).message).toContain('is a model of the task sentiment')
    expect((await post({ ...job, task: 'sentiment', model: 'mood' })).statusCode).toBe(201)
  })

  it('can still be read as records of before had them', async () => {
    const old = {
      id: 'recommender-000001',
      tenant: 'acme',
      task: 'recommender',
      model: 'recommender',
      state: 'succeeded',
      reason: 'first',
      eventCount: 9,
      budgetSeconds: 5,
      requestedAt: '2026-01-01T00:00:00.000Z',
      attempts: 1,
      progress: { stage: 'done', fraction: 1 },
      leaderboard: [{ algorithm: 'ials', parameters: {}, metrics: { 'ndcg@20': 0.2 } }],
    }
    await platform.drivers.objectStore.put(trainingJobKey('acme', old.id), Buffer.from(JSON.stringify(old)))
    expect((await call({ url: `/v1/training-jobs/${old.id}` })).json()).toEqual(old)
  })
})
