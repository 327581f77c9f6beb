import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDesk, topicLabels, topicTexts, trainTopics } from '../testing.ts'

let desk: TestDesk
let url: string
beforeAll(async () => {
  desk = await TestDesk.open()
  ;({ url } = await desk.server.listen({ port: 0 }))
  await desk.publish({ version: 'v1', data: await trainTopics() })
})
afterAll(() => desk[Symbol.asyncDispose]())

const ndjson = { 'content-type': 'application/x-ndjson' }
const post = (body: string | Buffer, query = '', headers: Record<string, string> = ndjson) =>
  fetch(`${url}/v1/text/classify${query}`, {
    method: 'POST',
    body: new Uint8Array(Buffer.from(body)),
    headers: { authorization: `Bearer ${desk.key}`, ...headers },
  })
const linesOf = async (answer: Response): Promise<Record<string, unknown>[]> =>
  (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const line = (id: string, text: string): string => `${JSON.stringify({ id, text })}\n`

/** A call whose body is sent and whose answer is read piece by piece. */
function duplex(): { readonly call: ClientRequest; readonly answer: Promise<IncomingMessage> } {
  const call = httpRequest(`${url}/v1/text/classify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${desk.key}`, ...ndjson },
  })
  const answer = new Promise<IncomingMessage>((resolve, reject) => call.on('response', resolve).on('error', reject))
  return { call, answer }
}

describe('POST /v1/text/classify as a stream', () => {
  it('answers line by line in order, more than a call could hold', async () => {
    const { texts, labels } = topicTexts(12_000)
    const answer = await post(texts.map((text, row) => line(`d${row % 7}`, text)).join(''))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
    const lines = await linesOf(answer)
    expect(lines.map(({ id }) => id)).toEqual(texts.map((_, row) => `d${row % 7}`))
    expect(lines.map(({ label }) => label)).toEqual(texts.map((_, row) => topicLabels[labels[row] as number]))
    expect(lines[0]).toMatchObject({ modelVersion: 'v1', scores: [{}, {}, {}] })
  })

  it('takes its options from the query, and gzip', async () => {
    const answer = await post(gzipSync(line('a', '我要退款')), '?topK=1&threshold=1')
    expect(await linesOf(answer)).toMatchObject([{ id: 'a', scores: [{ label: 'refund' }], isUncertain: true }])
    expect((await post('', '?topK=0')).status).toBe(400)
    expect((await post('', '?explain=true')).status).toBe(400)
  })

  it('has an error for each line that is no document, and goes on', async () => {
    const body = Buffer.concat([
      Buffer.from(`${line('a', '我要退款')}\n{"id":"b"\n{"id":"c"}\n{"id":"d","text":" "}\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(`${line('e', 'x'.repeat(1024 ** 2))}${line('f', '请退钱给我').trimEnd()}`),
    ])
    const lines = await linesOf(await post(body))
    expect(lines.map(({ label }) => label)).toEqual(['refund', ...Array(5).fill(undefined), 'refund'])
    expect(lines.slice(1, -1).map(({ error }) => error)).toEqual([
      { line: 3, code: 'RPT_TEXT_LINE_INVALID', message: 'The line is not JSON in UTF-8.' },
      { line: 4, code: 'RPT_TEXT_LINE_INVALID', message: expect.stringContaining('text') },
      { line: 5, id: 'd', code: 'RPT_TEXT_EMPTY', message: expect.any(String) },
      { line: 6, code: 'RPT_TEXT_LINE_INVALID', message: 'The line is not JSON in UTF-8.' },
      { line: 7, code: 'RPT_TEXT_LINE_INVALID', message: 'The line is larger than 1048576 bytes.' },
    ])
  })

  it('says by the status what is wrong with the model', async () => {
    const answer = await post(line('a', 'b'), '?model=nothing')
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({ error: { code: 'RPT_TEXT_NO_MODEL' } })
  })

  it('ends with an error where the body breaks off', async () => {
    const damaged = gzipSync(line('a', '我要退款').repeat(50_000))
    damaged.fill(0xff, damaged.length - 200)
    const lines = await linesOf(await post(damaged))
    expect(lines[0]).toMatchObject({ id: 'a', label: 'refund' })
    expect(lines.at(-1)).toMatchObject({ error: { code: 'RPT_TEXT_STREAM_INVALID' } })
  })

  it('answers what has come before the rest is sent, each piece by the version that serves then', async () => {
    await desk.publish({ version: 'p1', data: await trainTopics(), promotes: false })
    const { call, answer } = duplex()
    call.write(line('a', '我要退款'))
    const lines = createInterface({ input: await answer })[Symbol.asyncIterator]()
    const next = async () => JSON.parse(String((await lines.next()).value)) as unknown
    expect(await next()).toMatchObject({ id: 'a', modelVersion: 'v1' })
    await desk.store.promote({ tenant: 'shop', name: 'text', alias: 'champion' }, 'p1')
    await desk.serves('p1')
    call.end(line('b', '我要退款'))
    expect(await next()).toMatchObject({ id: 'b', modelVersion: 'p1' })
    expect((await lines.next()).done).toBe(true)
  })
})
