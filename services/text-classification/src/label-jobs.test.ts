import type { LabelJob } from '@rapport/contracts'
import { DatasetWriter } from '@rapport/datasets'
import type { TextClassifierData } from '@rapport/text-models'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestDesk, topicTexts, trainTopics } from './testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeAll(async () => {
  desk = await TestDesk.open()
  data = await trainTopics()
  await desk.publish({ version: 'v1', data })
})
afterAll(() => desk[Symbol.asyncDispose]())

const { texts, labels } = topicTexts(200)
const names = ['delivery', 'refund', 'praise']

interface TestRow {
  readonly text: string
  readonly labels?: string[]
  readonly id?: string
}

/** Stores a data set, and answers its version. */
async function store(name: string, rows: readonly TestRow[], tenant = 'shop'): Promise<string> {
  const { dependencies } = desk.platform
  const writer = await DatasetWriter.begin(dependencies.objectStore, dependencies.clock, { tenant, name })
  for (const [at, row] of rows.entries()) await writer.add({ row: at + 1, ...row })
  const none = { count: 0, samples: [] }
  const report = { rowsRead: rows.length, rejectedCount: 0, rejected: [], duplicates: none, conflicts: none }
  const manifest = await writer.publish({
    format: 'csv',
    columns: { text: 'text' },
    multiLabel: false,
    classes: [],
    report,
  })
  return manifest.version
}

const labelled = (): TestRow[] => texts.map((text, row) => ({ text, labels: [names[labels[row] as number] as string] }))
const create = (body: object) => desk.request('POST', '/v1/text/jobs', body)
const get = async (id: string): Promise<LabelJob> => (await desk.request('GET', `/v1/text/jobs/${id}`)).json()
const result = async (id: string) => {
  const { body } = await desk.request('GET', `/v1/text/jobs/${id}/result`)
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
const ended = (id: string, state: LabelJob['state']): Promise<LabelJob> =>
  vi.waitFor(
    async () => {
      const job = await get(id)
      expect(job.state, JSON.stringify(job.error)).toBe(state)
      return job
    },
    { timeout: 20_000 },
  )

describe('a job over a data set', () => {
  it('waits for a worker, then labels every row in order, and compares the labels with those that are given', async () => {
    const version = await store('tickets', [...labelled(), { text: ' \n ', id: 'blank' }])
    const made = await create({ dataset: { name: 'tickets' }, topK: 1 })
    expect(made.statusCode).toBe(202)
    const { id } = made.json<LabelJob>()
    expect(made.headers.location).toBe(`/v1/text/jobs/${id}`)
    expect(made.json()).toMatchObject({
      state: 'queued',
      dataset: { name: 'tickets', version },
      model: { tenant: 'shop', name: 'text', version: 'v1' },
    })
    expect((await desk.request('GET', `/v1/text/jobs/${id}/result`)).statusCode).toBe(409)
    await desk.service.startConsuming()
    const { progress } = await ended(id, 'succeeded')
    expect(progress).toMatchObject({ rows: 201, of: 201, labelled: 200, refused: 1, given: 200, parts: 1 })
    expect(progress.agreeing).toBeGreaterThan(190)
    expect(Object.values(progress.labels).reduce((a, b) => a + b)).toBe(200)
    const lines = await result(id)
    const { results } = await desk.classify(
      texts.map((text, row) => ({ id: `${row + 1}`, text })),
      { topK: 1 },
    )
    expect(lines.slice(0, 200)).toEqual(
      results.map((each, row) => ({ row: row + 1, given: labelled()[row]?.labels, ...each })),
    )
    expect(lines[200]).toMatchObject({ row: 201, id: 'blank', error: { code: 'RPT_TEXT_EMPTY' } })
  })

  it('is done by the version of its beginning, in parts of a bounded size', async () => {
    const long = 'the parcel is late and nobody answers. '.repeat(40)
    const rows = Array.from({ length: 3_000 }, (_, row) => ({ text: `${long} ${row}`, id: 'x'.repeat(200) + row }))
    await store('long', rows)
    const { id } = (await create({ dataset: { name: 'long' }, threshold: 1 })).json<LabelJob>()
    await desk.publish({ version: 'v2', data })
    const { progress } = await ended(id, 'succeeded')
    expect(progress).toMatchObject({ rows: 3_000, given: 0 })
    const lines = await result(id)
    expect(lines.map(({ row }) => row)).toEqual(rows.map((_, at) => at + 1))
    expect(new Set(lines.map(({ modelVersion }) => modelVersion))).toEqual(new Set(['v1']))
    expect(lines.every(({ isUncertain }) => isUncertain === true)).toBe(true)
  })

  it('fails when its data set goes, and says so', async () => {
    const version = await store('going', labelled())
    const { objectStore } = desk.platform.dependencies
    await objectStore.delete([`datasets/shop/going/versions/${version}/part-00000.ndjson.gz`])
    const { id } = (await create({ dataset: { name: 'going' } })).json<LabelJob>()
    expect(await ended(id, 'failed')).toMatchObject({ error: { code: 'RPT_DATASET_CORRUPT' } })
  })
})

describe('a job over events', () => {
  it('has an empty result where there are none, and needs the scope to read them', async () => {
    const { id } = (await create({ events: {} })).json<LabelJob>()
    expect((await ended(id, 'succeeded')).progress).toMatchObject({ rows: 0, parts: 0 })
    const read = await desk.request('GET', `/v1/text/jobs/${id}/result`)
    expect([read.statusCode, read.body]).toEqual([200, ''])
    const authorization = `Bearer ${await desk.platform.issueKey('shop', ['text'])}`
    for (const [method, path, payload] of [
      ['POST', '/v1/text/jobs', { events: {} }],
      ['GET', `/v1/text/jobs/${id}/result`, undefined],
    ] as const) {
      expect((await desk.request(method, path, payload, { authorization })).statusCode).toBe(403)
    }
  })
})

describe('the jobs of a tenant', () => {
  it('are listed newest first, and removed with their results when they have ended', async () => {
    await store('some', labelled())
    const { id } = (await create({ dataset: { name: 'some' } })).json<LabelJob>()
    await ended(id, 'succeeded')
    const list = async () => (await desk.request('GET', '/v1/text/jobs')).json().jobs.map((job: LabelJob) => job.id)
    expect((await list())[0]).toBe(id)
    expect((await desk.request('DELETE', `/v1/text/jobs/${id}`)).statusCode).toBe(204)
    expect(await list()).not.toContain(id)
    expect((await desk.request('GET', `/v1/text/jobs/${id}/result`)).statusCode).toBe(404)
    const left = await Array.fromAsync(
      desk.platform.dependencies.objectStore.list('label-job-results/'),
      ({ key }) => key,
    )
    expect(left.filter((key) => key.includes(id))).toEqual([])
  })

  it('need a data set and a model that are there', async () => {
    await store('others', labelled(), 'other')
    await store('mine', labelled())
    const wanted = [
      [{ dataset: { name: 'others' } }, 404],
      [{ dataset: { name: 'mine', version: 'none' } }, 404],
      [{ dataset: { name: 'mine' }, model: 'none' }, 409],
      [{ dataset: { name: 'mine' }, version: 'v9' }, 404],
      [{ dataset: { name: '../mine' } }, 400],
      [{}, 400],
      [{ dataset: { name: 'mine' }, events: {} }, 400],
      [{ events: { from: 'yesterday' } }, 400],
    ] as const
    for (const [body, status] of wanted) expect((await create(body)).statusCode, JSON.stringify(body)).toBe(status)
    expect((await desk.request('GET', '/v1/text/jobs/..%2f..%2fx')).statusCode).toBe(400)
    expect((await desk.request('GET', '/v1/text/jobs/20260101T000000000Z-00000000')).statusCode).toBe(404)
  })
})
