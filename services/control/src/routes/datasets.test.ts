import { gzipSync } from 'node:zlib'
import {
  datasetLimits,
  type Dataset,
  type DatasetList,
  type DatasetRows,
  type DatasetVersion,
} from '@rapport/contracts'
import { readDatasetRows } from '@rapport/datasets'
import { beginTenantRemoval } from '@rapport/service-kit'
import { createTestPlatform, type HttpServer, type TestPlatform } from '@rapport/service-kit/testing'
import fc from 'fast-check'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let server: HttpServer
let key: string

const limits = { datasetRows: 20_000, datasetBytes: 4 * 1024 ** 2 }
beforeEach(async () => {
  platform = await createTestPlatform()
  server = await platform.serve([await createControlService(testConfig(platform, limits), platform.dependencies)])
  key = await platform.issueKey('acme', ['train'])
})
afterEach(() => platform[Symbol.asyncDispose]())

const call = (options: InjectOptions): Promise<LightMyRequestResponse> =>
  server.app.inject({ ...options, headers: { authorization: `Bearer ${key}`, ...options.headers } })
const get = (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
  call({ url, headers })
const post = (payload: string | Buffer, query = '', type = 'text/csv'): Promise<LightMyRequestResponse> =>
  call({ method: 'POST', url: `/v1/datasets/reviews${query}`, payload, headers: { 'content-type': type } })
const objects = (): Promise<string[]> =>
  Array.fromAsync(platform.drivers.objectStore.list('datasets/'), ({ key }) => key)
const rowsOf = async ({ version }: DatasetVersion): Promise<DatasetRows['rows']> =>
  (await get(`/v1/datasets/reviews/versions/${version}/rows?limit=1000`)).json<DatasetRows>().rows

/** What a refusal says; nothing may have been kept. */
async function refusal(answer: LightMyRequestResponse): Promise<{ message: string; details?: unknown; code: string }> {
  expect(await objects()).toEqual([])
  return answer.json<{ error: { message: string; details?: unknown; code: string } }>().error
}

describe('POST /v1/datasets/{name}', () => {
  const csv = 'label,text,who\ngood,很好,a\nbad,"no, ""never""",b\ngood,fine,c\n'

  it('makes a version of CSV, with its classes', async () => {
    const answer = await post(csv, '?id=who')
    expect(answer.statusCode).toBe(201)
    const made = answer.json<DatasetVersion>()
    expect(made).toMatchObject({
      name: 'reviews',
      format: 'csv',
      columns: { text: 'text', label: 'label', id: 'who' },
      rows: 3,
      classes: [
        { label: 'good', rows: 2 },
        { label: 'bad', rows: 1 },
      ],
      report: { rowsRead: 3, rejectedCount: 0, duplicates: { count: 0 }, conflicts: { count: 0 } },
    })
    expect(answer.headers['location']).toBe(`/v1/datasets/reviews/versions/${made.version}`)
    expect((await get(String(answer.headers['location']))).json()).toEqual(made)
    expect(await rowsOf(made)).toEqual([
      { row: 1, text: '很好', labels: ['good'], id: 'a' },
      { row: 2, text: 'no, "never"', labels: ['bad'], id: 'b' },
      { row: 3, text: 'fine', labels: ['good'], id: 'c' },
    ])
    const read = readDatasetRows(platform.drivers.objectStore, 'acme', 'reviews', made.version)
    expect(await Array.fromAsync(read)).toEqual(await rowsOf(made))
  })

  it.each([
    [
      'with a byte order mark and Windows line ends',
      `\ufeff${csv.replaceAll('\n', '\r\n')}`,
      'text/csv; charset=UTF-8',
    ],
    ['gzipped', gzipSync(csv), 'text/csv'],
    [
      'as NDJSON',
      '{"text":"很好","label":"good"}\n\n{"text":"no, \\"never\\"","label":"bad"}\n{"label":"good","text":"fine"}',
      'application/x-ndjson',
    ],
  ])('takes it %s', async (_name, payload, type) => {
    const plain = (await post(csv)).json<DatasetVersion>()
    const made = (await post(payload, '', type)).json<DatasetVersion>()
    expect(await rowsOf(made)).toEqual(await rowsOf(plain))
    expect(made.fingerprint).toBe(plain.fingerprint)
  })

  it('keeps the good rows and names the others by row, column and reason', async () => {
    const long = 'x'.repeat(datasetLimits.textCharacters + 1)
    const rows = [
      'a,x,en',
      ' ,x,en',
      'b,,en',
      'c,d,x,en',
      `${long},x,`,
      'e,x,English!',
      `f,${'y'.repeat(201)},`,
      'g,x,',
    ]
    const answer = await post(`review,topic,lang\n${rows.join('\n')}`, '?text=review&label=topic&language=lang')
    const { rows: kept, report } = answer.json<DatasetVersion>()
    expect([kept, report.rowsRead, report.rejectedCount]).toEqual([2, 8, 6])
    expect(report.rejected).toMatchObject([
      { row: 2, field: 'review', reason: 'is empty' },
      { row: 3, field: 'topic', reason: 'is empty' },
      { row: 4, field: '', reason: expect.stringContaining('has 4 fields where the header has 3') as string },
      { row: 5, field: 'review', reason: 'is longer than 100000 characters' },
      { row: 6, field: 'lang', reason: expect.stringContaining('must be a language tag') as string },
      { row: 7, field: 'topic', reason: 'is longer than 200 characters' },
    ])
    const lines = [
      '{"text":"a","label":1}',
      '{"text":5,"label":"x"}',
      '{',
      '[]',
      '{"label":"x"}',
      '{"text":"\\ud800","label":"x"}',
    ]
    const ndjson = (await post(lines.join('\n'), '', 'application/x-ndjson')).json<DatasetVersion>()
    expect(ndjson.classes).toEqual([{ label: '1', rows: 1 }])
    expect(ndjson.report.rejected.map(({ row, field }) => [row, field])).toEqual([
      [2, 'text'],
      [3, ''],
      [4, ''],
      [5, 'text'],
      [6, 'text'],
    ])
  })

  it('reports duplicates and conflicting labels, and keeps them', async () => {
    const answer = await post('text,label\nFine  day,good\nＦｉｎｅ day ,good\nfine day,good\n Fine day,bad\n')
    const { rows, report } = answer.json<DatasetVersion>()
    expect(rows).toBe(4)
    expect(report.duplicates).toEqual({
      count: 2,
      samples: [
        { row: 2, firstRow: 1 },
        { row: 4, firstRow: 1 },
      ],
    })
    expect(report.conflicts).toEqual({
      count: 1,
      samples: [{ text: ' Fine day', row: 4, labels: ['bad'], firstRow: 1, firstLabels: ['good'] }],
    })
  })

  it('takes several labels a row where that is asked for', async () => {
    const csv = 'text,label\na,x|y\nb, y | x |x\nb,x|y\nc,|\n'
    const made = (await post(csv, '?multiLabel=true')).json<DatasetVersion>()
    expect((await rowsOf(made)).map(({ labels }) => labels)).toEqual([
      ['x', 'y'],
      ['y', 'x'],
      ['x', 'y'],
    ])
    expect(made.report).toMatchObject({
      rejected: [{ row: 4, field: 'label' }],
      conflicts: { count: 0 },
      duplicates: { count: 1 },
    })
    const single = (await post(csv)).json<DatasetVersion>()
    expect(single.classes.map(({ label }) => label)).toContain('x|y')
    const list = (
      await post('{"text":"a","label":["x","y"]}', '?multiLabel=true', 'application/x-ndjson')
    ).json<DatasetVersion>()
    expect(list.classes.map(({ label }) => label)).toEqual(['x', 'y'])
  })

  it('takes texts without labels where no label column is asked for', async () => {
    const made = (await post('text\na\nb\na\n', '?label=')).json<DatasetVersion>()
    expect(made).toMatchObject({
      rows: 3,
      columns: { text: 'text' },
      classes: [],
      report: { duplicates: { count: 1 }, conflicts: { count: 0 } },
    })
    expect(await rowsOf(made)).toEqual([
      { row: 1, text: 'a' },
      { row: 2, text: 'b' },
      { row: 3, text: 'a' },
    ])
  })

  it('says which columns a header has when it lacks one', async () => {
    const answer = await post('\ufeff review ,stars\nfine,5\n', '?text=comment&id=key')
    expect(answer.statusCode).toBe(400)
    expect(await refusal(answer)).toMatchObject({
      code: 'RPT_DATASET_INVALID',
      message: 'The header has no column "comment", "label", "key"; it has "review", "stars".',
      details: [{ field: 'query.text' }, { field: 'query.label' }, { field: 'query.id' }],
    })
  })

  it.each([
    ['Latin-1', Buffer.from('text,label\ncaf\u00e9,x\n', 'latin1'), 'offset 14 is invalid'],
    ['a cut-off character', Buffer.from('text,label\na,汉').subarray(0, -1), 'offset 13 is invalid'],
    ['UTF-16', Buffer.from('\ufefftext,label\na,x\n', 'utf16le'), 'offset 0 begins UTF-16'],
    ['nothing', '', 'The body is empty'],
    ['a header alone', 'text,label\n', 'The body has no rows'],
    ['no good row', 'text,label\n,x\n', 'No row of the body is good'],
    ['a quote that is not closed', 'text,label\na,x\n"b,y\nc,z\n', 'Row 2 of the CSV file opens a quote'],
    ['a column twice', 'text,label,text\na,x,b\n', 'the column "text" twice'],
    ['damaged gzip', gzipSync('text,label\n'.repeat(1_000)).subarray(0, 40), 'damaged'],
  ])('refuses %s with 400, and keeps nothing', async (_name, payload, message) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect((await refusal(answer)).message).toContain(message)
  })

  it('refuses what is no data set, and one column for two things', async () => {
    for (const [query, type, status] of [
      ['', 'application/json', 415],
      ['', 'text/csv; charset=gbk', 415],
      ['?label=text', 'text/csv', 400],
      ['?colour=x', 'text/csv', 400],
      ['?text=', 'text/csv', 400],
      ['?multiLabel=perhaps', 'text/csv', 400],
    ] as const) {
      expect([query, type, (await post('text,label\na,x', query, type)).statusCode]).toEqual([query, type, status])
    }
    expect((await call({ method: 'POST', url: '/v1/datasets/reviews' })).statusCode).toBe(415)
    expect(
      (
        await call({
          method: 'POST',
          url: '/v1/datasets/No%2FName',
          payload: 'x',
          headers: { 'content-type': 'text/csv' },
        })
      ).statusCode,
    ).toBe(400)
  })

  it('has a limit of rows, of bytes, and of different labels', async () => {
    const many = (count: number, row: (n: number) => string): string =>
      `text,label\n${Array.from({ length: count }, (_, n) => row(n)).join('\n')}`
    const rows = await post(many(limits.datasetRows + 1, (n) => `${n},x`))
    expect([rows.statusCode, (await refusal(rows)).code]).toEqual([413, 'RPT_DATASET_TOO_LARGE'])
    const bytes = await post(gzipSync(many(100, () => `${'x'.repeat(50_000)},x`)))
    expect([bytes.statusCode, (await refusal(bytes)).code]).toEqual([413, 'RPT_DATASET_TOO_LARGE'])
    const labels = await post(many(datasetLimits.classes + 1, (n) => `t,${n}`))
    expect([labels.statusCode, (await refusal(labels)).message]).toEqual([
      400,
      expect.stringContaining('10000 different labels'),
    ])
    expect((await post(many(limits.datasetRows, (n) => `${n},x`))).statusCode).toBe(201)
  })

  it('reads back whatever stands in quotes', async () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', ',', '\n', '\r', ' ', 'a'),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
      ),
      maxLength: 30,
    })
    const row = fc.record({ text: text.map((each) => `t${each}`), label: fc.constantFrom('x', 'y,z', '"w"') })
    const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, end) => {
          const lines = rows.map(({ text, label }) => `${quoted(label)},${quoted(text)}`)
          const answer = await post(['label,text', ...lines].join(end))
          expect(answer.statusCode, answer.body).toBe(201)
          const made = answer.json<DatasetVersion>()
          expect(await rowsOf(made)).toEqual(
            rows.map(({ text, label }, index) => ({ row: index + 1, text, labels: [label] })),
          )
        },
      ),
      { numRuns: 40 },
    )
  })

  it('makes two versions of two uploads at once', async () => {
    const answers = await Promise.all(['one', 'two', 'three'].map((text) => post(`text,label\n${text},x\n`)))
    const versions = answers.map((answer) => answer.json<DatasetVersion>().version)
    expect(new Set(versions).size).toBe(3)
    const { versions: listed, newest } = (await get('/v1/datasets/reviews')).json<Dataset>()
    expect(listed.map(({ version }) => version)).toEqual(versions.toSorted().toReversed())
    expect(newest.version).toBe(listed[0]?.version)
  })

  it('leaves nothing for a tenant that is removed meanwhile', async () => {
    const { objectStore } = platform.drivers
    const put = objectStore.put.bind(objectStore)
    objectStore.put = async (key, body, options) => {
      if (key.endsWith('part-00000.ndjson.gz')) {
        await beginTenantRemoval(platform.dependencies, 'acme')
        await objectStore.delete(['access/acme.json'])
      }
      return put(key, body, options)
    }
    const answer = await post('text,label\na,x\n')
    expect([answer.statusCode, (await refusal(answer)).code]).toEqual([409, 'RPT_ACCESS_TENANT_REMOVING'])
  })
})

describe('/v1/datasets', () => {
  const upload = async (text: string): Promise<DatasetVersion> => (await post(`text,label\n${text},x\n`)).json()

  it('lists data sets and their versions, newest first', async () => {
    expect((await get('/v1/datasets')).json()).toEqual({ datasets: [] })
    const [first, second] = [await upload('one'), await upload('two')]
    expect((await get('/v1/datasets')).json<DatasetList>().datasets).toMatchObject([
      { name: 'reviews', versions: 2, classes: 1, newest: { version: second.version, rows: 1 } },
    ])
    const found = (await get('/v1/datasets/reviews')).json<Dataset>()
    expect(found.newest).toEqual(second)
    expect(found.versions.map(({ version }) => version)).toEqual([second.version, first.version])
  })

  it('answers rows in pages, as JSON or NDJSON', async () => {
    const rows = Array.from({ length: 25 }, (_, n) => (n === 3 ? ',x' : `t${n},x`))
    const { version } = (await post(`text,label\n${rows.join('\n')}`)).json<DatasetVersion>()
    const url = `/v1/datasets/reviews/versions/${version}/rows`
    const seen: number[] = []
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: DatasetRows = (await get(`${url}?limit=10&after=${after}`)).json()
      seen.push(...page.rows.map(({ row }) => row))
      after = page.next
    }
    expect(seen).toEqual(rows.flatMap((_, n) => (n === 3 ? [] : [n + 1])))
    const lines = await get(`${url}?limit=2&after=2`, { accept: 'application/x-ndjson' })
    expect(lines.headers['content-type']).toMatch(/^application\/x-ndjson/)
    expect(lines.body).toBe('{"row":3,"text":"t2","labels":["x"]}\n{"row":5,"text":"t4","labels":["x"]}\n')
    expect((await get(`${url}?after=25`)).json()).toEqual({ rows: [] })
    expect((await get(`${url}?limit=1001`)).statusCode).toBe(400)
  })

  it('ends a page of long texts early', async () => {
    const lines = Array.from({ length: 60 }, () => `{"text":"${'x'.repeat(100_000)}","label":"x"}`)
    await platform[Symbol.asyncDispose]()
    platform = await createTestPlatform()
    server = await platform.serve([await createControlService(testConfig(platform), platform.dependencies)])
    key = await platform.issueKey('acme', ['train'])
    const { version } = (await post(lines.join('\n'), '', 'application/x-ndjson')).json<DatasetVersion>()
    const page = (await get(`/v1/datasets/reviews/versions/${version}/rows?limit=60`)).json<DatasetRows>()
    expect([page.rows.length, page.next]).toEqual([42, 42])
  })

  it('removes a version, and all of them', async () => {
    const [first, second] = [await upload('one'), await upload('two')]
    const path = `/v1/datasets/reviews/versions/${second.version}`
    const remove = (url: string): Promise<LightMyRequestResponse> => call({ method: 'DELETE', url })
    expect((await remove(path)).statusCode).toBe(204)
    for (const answer of [remove(path), get(path), get(`${path}/rows`)]) expect((await answer).statusCode).toBe(404)
    expect((await get('/v1/datasets/reviews')).json<Dataset>().newest.version).toBe(first.version)
    expect((await remove('/v1/datasets/reviews')).statusCode).toBe(204)
    for (const answer of [remove('/v1/datasets/reviews'), get('/v1/datasets/reviews')]) {
      expect((await answer).statusCode).toBe(404)
    }
    expect(await objects()).toEqual([])
  })

  it('shows a tenant its own alone, and only to who may train', async () => {
    const { version } = await upload('one')
    const other = { authorization: `Bearer ${await platform.issueKey('other', ['train'])}` }
    expect((await get('/v1/datasets', other)).json()).toEqual({ datasets: [] })
    for (const path of ['', `/versions/${version}`, `/versions/${version}/rows`]) {
      expect((await get(`/v1/datasets/reviews${path}`, other)).statusCode).toBe(404)
    }
    expect((await call({ method: 'DELETE', url: '/v1/datasets/reviews', headers: other })).statusCode).toBe(404)
    const reader = { authorization: `Bearer ${await platform.issueKey('acme', ['recommend'])}` }
    expect((await get('/v1/datasets', reader)).statusCode).toBe(403)
    expect((await get(`/v1/datasets/reviews/versions/..%2F..%2Fx`)).statusCode).toBe(400)
  })
})
