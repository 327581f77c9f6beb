import { RapportApiError, RapportClient } from '@rapport/sdk'
import { expect, test, vi } from 'vitest'
import type { ImportRow } from './import-row.ts'
import { rejected } from './import-row.ts'
import type { RejectedRow, UploadOptions } from './upload.ts'
import { upload } from './upload.ts'

const event = (line: number, text = ''): ImportRow => ({
  kind: 'event',
  line,
  event: {
    type: 'track',
    messageId: `m${line}`,
    userId: 'u1',
    event: 'Viewed',
    timestamp: '2026-01-01',
    properties: { text },
  },
})
const item = (line: number, id = `i${line}`): ImportRow => ({ kind: 'item', line, id, body: { title: `v${line}` } })

interface Call {
  readonly path: string
  readonly rows: readonly { readonly id?: string; readonly messageId?: string; readonly title?: string }[]
  answer(status: number, body: object): void
}

/** The far side of the client: calls wait until the test answers them. */
function createPlatform(answerAll?: (call: Call) => void): { client: RapportClient; calls: Call[] } {
  const calls: Call[] = []
  const client = new RapportClient({
    url: 'http://platform.invalid',
    key: 'k',
    retries: 0,
    fetch: (input, init) => {
      const { promise, resolve } = Promise.withResolvers<Response>()
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      const text = typeof init?.body === 'string' ? init.body : ''
      const rows =
        pathname === '/v1/items'
          ? text.split('\n').map((line) => JSON.parse(line) as object)
          : (JSON.parse(text) as { batch: object[] }).batch
      const answer = (status: number, body: object): void => resolve(Response.json(body, { status }))
      const call = { path: pathname, rows, answer }
      calls.push(call)
      answerAll?.(call)
      return promise
    },
  })
  return { client, calls }
}
const accept = (call: Call): void => call.answer(200, { success: true, accepted: call.rows.length, rejected: [] })

interface Outcome {
  readonly commits: number[]
  readonly rejections: RejectedRow[]
  readonly options: UploadOptions
}

function follow(client: RapportClient, more: Partial<UploadOptions> = {}): Outcome {
  const commits: number[] = []
  const rejections: RejectedRow[] = []
  const options = {
    client,
    skipRows: 0,
    onCommit: async (rows: number) => void commits.push(rows),
    onRejected: (row: RejectedRow) => void rejections.push({ line: row.line, reason: row.reason }),
    onProgress: () => undefined,
    ...more,
  }
  return { commits, rejections, options }
}

async function* numbered(
  count: number,
  row: (line: number) => ImportRow,
  onRead?: () => void,
): AsyncGenerator<ImportRow> {
  for (let line = 1; line <= count; line += 1) {
    onRead?.()
    yield row(line)
  }
}

test('rows are sent in batches and committed in their order', async () => {
  const { client, calls } = createPlatform(accept)
  const { commits, options } = follow(client)
  expect(await upload(numbered(1250, event), options)).toEqual({ rows: 1250, accepted: 1250, rejected: 0 })
  expect(calls.map(({ rows }) => rows.length)).toEqual([500, 500, 250])
  expect(commits).toEqual([500, 1000, 1250, 1250])
})

test('reading waits while four batches are on their way', async () => {
  const { client, calls } = createPlatform()
  const { commits, options } = follow(client)
  let read = 0
  const done = upload(
    numbered(5000, event, () => (read += 1)),
    options,
  )
  await vi.waitFor(() => expect(calls).toHaveLength(4))
  // Nothing is answered: whatever else could happen happens before the timers do.
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toHaveLength(4)
  expect(read).toBeLessThanOrEqual(5 * 500 + 1)
  for (const call of [...calls].reverse()) accept(call)
  await vi.waitFor(() => expect(calls).toHaveLength(8))
  expect(commits.toSorted((left, right) => left - right)).toEqual(commits)
  for (const call of calls) accept(call)
  await vi.waitFor(() => expect(calls).toHaveLength(10))
  for (const call of calls) accept(call)
  expect(await done).toMatchObject({ accepted: 5000 })
})

test('a batch keeps below the bytes of a call, and a row that no call can hold is rejected', async () => {
  const { client, calls } = createPlatform(accept)
  const { rejections, options } = follow(client)
  const sizes = [150_000, 150_000, 150_000, 500_000, 10]
  await upload(
    numbered(sizes.length, (line) => event(line, '茶'.repeat((sizes[line - 1] ?? 0) / 3))),
    options,
  )
  expect(calls.map(({ rows }) => rows.map(({ messageId }) => messageId))).toEqual([
    ['m1', 'm2'],
    ['m3', 'm5'],
  ])
  expect(rejections).toEqual([{ line: 4, reason: expect.stringContaining('larger than any call may be') as string }])
})

test('a later run reads the rows of an earlier one and does not send them', async () => {
  const { client, calls } = createPlatform(accept)
  const { options } = follow(client, { skipRows: 600 })
  expect(await upload(numbered(650, event), options)).toEqual({ rows: 650, accepted: 50, rejected: 0 })
  expect(calls.map(({ rows }) => rows[0]?.messageId)).toEqual(['m601'])
})

test('refused events and items are reported with their lines; a batch of nothing else too', async () => {
  const reasons = [{ index: 1, field: 'properties', reason: 'is too deep' }]
  const batch = createPlatform((call) => call.answer(200, { success: true, accepted: 1, rejected: reasons }))
  const mixed = follow(batch.client)
  async function* mixture(): AsyncGenerator<ImportRow> {
    yield rejected(5, 'no user')
    yield event(6)
    yield event(9)
  }
  expect(await upload(mixture(), mixed.options)).toEqual({ rows: 3, accepted: 1, rejected: 2 })
  expect(mixed.rejections).toEqual([
    { line: 5, reason: 'no user' },
    { line: 9, reason: 'properties: is too deep' },
  ])
  const details = [{ index: 0, field: 'event', reason: 'must not be empty' }]
  const none = createPlatform((call) => call.answer(400, { error: { code: 'RPT_X', message: 'no', details } }))
  const events = follow(none.client)
  await upload(numbered(1, event), events.options)
  expect(events.rejections).toEqual([{ line: 1, reason: 'event: must not be empty' }])

  const lines = [
    { field: 'line 2: price', reason: 'must not be below 0' },
    { field: 'line 1', reason: 'is no object' },
  ]
  const noItem = createPlatform((call) => call.answer(400, { error: { code: 'RPT_X', message: 'no', details: lines } }))
  const items = follow(noItem.client)
  expect(await upload(numbered(2, item), items.options)).toMatchObject({ accepted: 0, rejected: 2 })
  expect(items.rejections).toEqual([
    { line: 2, reason: 'price: must not be below 0' },
    { line: 1, reason: 'is no object' },
  ])
})

test('an error that is not about rows ends the import; what was committed stands', async () => {
  let answered = 0
  const { client } = createPlatform((call) =>
    ++answered < 3 ? accept(call) : call.answer(403, { error: { code: 'RPT_ACCESS', message: 'no', details: [] } }),
  )
  const { commits, options } = follow(client)
  await expect(upload(numbered(2000, event), options)).rejects.toThrow(RapportApiError)
  expect(commits).toEqual([500, 1000])
})

test('two rows of one item are never on their way together, so the later one stands', async () => {
  const { client, calls } = createPlatform()
  const { options } = follow(client)
  const done = upload(
    numbered(1500, (line) => item(line, line === 501 ? 'i1' : `i${line}`)),
    options,
  )
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toHaveLength(1)
  for (const call of calls) accept(call)
  await vi.waitFor(() => expect(calls).toHaveLength(3))
  for (const call of calls) accept(call)
  expect(await done).toMatchObject({ accepted: 1500 })
})

test('an interruption ends it at once, with its own reason', async () => {
  const controller = new AbortController()
  const { client, calls } = createPlatform(accept)
  const { commits, options } = follow(client, { signal: controller.signal })
  const reason = new Error('enough')
  const rows = numbered(5000, (line) => {
    if (line === 1200) controller.abort(reason)
    return event(line)
  })
  await expect(upload(rows, options)).rejects.toBe(reason)
  expect(calls).toHaveLength(2)
  expect(commits.every((rows) => rows <= 1000)).toBe(true)
})
