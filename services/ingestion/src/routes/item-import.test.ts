import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { ingestionLimits, topics, type ItemImportAnswer } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { override } from '../testing/override.ts'
import { decodeItem, startIngestion, type RunningIngestion } from '../testing/start-ingestion.ts'

let running: RunningIngestion
beforeEach(async () => {
  running = await startIngestion()
})
afterEach(() => running[Symbol.asyncDispose]())

const post = (payload: string | Buffer | Readable, headers: Record<string, string> = {}) =>
  running.app.inject({ method: 'POST', url: '/v1/items', payload, headers: { 'x-api-key': running.key, ...headers } })
const get = (id: string) =>
  running.app.inject({ method: 'GET', url: `/v1/items/${id}`, headers: { 'x-api-key': running.key } })
const published = async () => (await running.records(topics.items.name)).map(decodeItem)

const rows = Array.from({ length: 1_203 }, (_, index) => ({ id: `i${index}`, title: `茶 ${index}`, price: index }))
const lines = rows.map((row) => JSON.stringify(row)).join('\n')

describe('POST /v1/items', () => {
  it.each([
    ['a JSON array', JSON.stringify(rows), 'application/json'],
    ['an indented JSON array', JSON.stringify(rows, null, 2), 'application/json'],
    ['NDJSON', lines, 'application/x-ndjson'],
    ['gzipped NDJSON of a nonsense type', gzipSync(lines), 'text/csv'],
  ])('takes %s', async (_name, payload, type) => {
    const answer = await post(payload, { 'content-type': type })
    expect(answer.json()).toEqual({ success: true, accepted: rows.length, rejectedCount: 0, rejected: [] })
    expect((await get('i1202')).json()).toMatchObject({ title: '茶 1202', version: 1 })
    expect(new Set((await published()).map(({ id }) => id)).size).toBe(rows.length)
  })

  it('keeps the valid rows and names the others by line', async () => {
    const answer = await post(
      [
        '{"id":"a"}',
        '',
        '{"id":"b","price":-1}',
        '{"title":"x"}',
        '{"id":"c","colour":1}',
        '{',
        '5',
        '{"id":"\\ud800"}',
        '{"id":"d"}',
      ].join('\n'),
    )
    expect(answer.statusCode).toBe(200)
    const { rejected, ...rest } = answer.json<ItemImportAnswer>()
    expect(rest).toEqual({ success: true, accepted: 2, rejectedCount: 6 })
    expect(rejected.map(({ line, id, field }) => [line, id, field])).toEqual([
      [3, 'b', 'price'],
      [4, undefined, 'id'],
      [5, 'c', 'colour'],
      [6, undefined, ''],
      [7, undefined, ''],
      [8, undefined, 'id'],
    ])
    expect(rejected.every(({ reason }) => reason.length > 5)).toBe(true)
  })

  it('lets the later of two rows with one id count', async () => {
    await post('{"id":"a","title":"one"}\n{"id":"a","title":"two"}')
    expect((await get('a')).json()).toMatchObject({ title: 'two' })
    await post('[{"id":"a","title":"three"}]')
    expect((await published()).at(-1)).toMatchObject({ id: 'a', body: { title: 'three' } })
  })

  it.each([
    ['nothing', '', 'no rows'],
    ['an empty array', '[]', 'no rows'],
    ['no valid row', '{"id":""}', 'No row'],
    ['damaged gzip', gzipSync(lines).subarray(0, 200), 'damaged'],
  ])('refuses %s with 400', async (_name, payload, message) => {
    const answer = await post(payload)
    expect(answer.statusCode).toBe(400)
    expect(answer.json<{ error: { message: string } }>().error.message).toContain(message)
  })

  it('names at most a thousand refused rows and counts the others', async () => {
    const answer = await post(`{"id":"a"}\n${'{}\n'.repeat(ingestionLimits.listedRejections + 50)}`)
    expect(answer.json<ItemImportAnswer>().rejectedCount).toBe(ingestionLimits.listedRejections + 50)
    expect(answer.json<ItemImportAnswer>().rejected).toHaveLength(ingestionLimits.listedRejections)
  })

  it('takes bytes no faster than rows are written', async () => {
    const gate = Promise.withResolvers<undefined>()
    let isWriting = false
    await running[Symbol.asyncDispose]()
    running = await startIngestion({
      wrapOnlineStore: (store) =>
        override(store, {
          async writeDocuments(writes) {
            isWriting = true
            await gate.promise
            return store.writeDocuments(writes)
          },
        }),
    })
    const { url } = await running.server.listen({ port: 0 })
    const rows = 8_000
    const description = 'x'.repeat(8_000)
    let produced = 0
    function* make() {
      for (; produced < rows; produced++) yield `${JSON.stringify({ id: `i${produced}`, description })}\n`
    }
    const answering = fetch(`${url}/v1/items`, {
      method: 'POST',
      headers: { 'x-api-key': running.key },
      body: Readable.toWeb(Readable.from(make())) as ReadableStream,
      duplex: 'half',
    })
    await vi.waitFor(() => expect(isWriting).toBe(true))
    let before = -1
    await vi.waitFor(
      () => {
        const standsStill = produced === before
        before = produced
        expect(standsStill).toBe(true)
      },
      { interval: 300, timeout: 20_000 },
    )
    // What the sockets of both sides buffer; the whole body would be 64 MB.
    expect(produced).toBeLessThan(rows / 2)
    gate.resolve(undefined)
    expect((await (await answering).json()) as ItemImportAnswer).toMatchObject({ accepted: rows })
  })
})
