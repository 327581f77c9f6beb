import { request } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { DatasetVersion } from '@rapport/contracts'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createControlService } from '../service.ts'
import { testConfig } from '../testing.ts'

let platform: TestPlatform
let url: string
let key: string

beforeEach(async () => {
  platform = await createTestPlatform()
  const service = await createControlService(testConfig(platform), platform.dependencies)
  const server = await platform.serve([service])
  url = `${(await server.listen({ port: 0 })).url}/v1/datasets/reviews`
  key = await platform.issueKey('acme', ['train'])
})
afterEach(() => platform[Symbol.asyncDispose]())

const objects = (): Promise<string[]> =>
  Array.fromAsync(platform.drivers.objectStore.list('datasets/'), ({ key }) => key)

function* encoded(chunks: Iterable<string>): Generator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

const send = (chunks: Iterable<string>): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/csv' },
    body: ReadableStream.from(encoded(chunks)),
    duplex: 'half',
    // Otherwise fetch keeps all of a body that is a stream, in case that a redirect asks for it again.
    window: null,
    redirect: 'error',
  })

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Memory in use after a collection: the heap, and what buffers hold beside it. */
function usedBytes(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A CSV file of so many rows, some 280 bytes each; `peak` is the most memory that was in use while they went. */
function* file(rows: number, seen: { peak: number }): Generator<string> {
  let lines = 'text,label\n'
  const words = 'words that stand in every text '.repeat(8)
  for (let row = 1; row <= rows; row++) {
    if (row % 10_000 === 0) seen.peak = Math.max(seen.peak, usedBytes())
    lines += `"${words}, ${row}",class ${row % 7}\n`
    if (row % 100 > 0) continue
    yield lines
    lines = ''
  }
}

it(
  'takes 200,000 rows in the memory that it takes for 20,000, but for a digest a text',
  { timeout: 120_000 },
  async () => {
    const upload = async (rows: number): Promise<number> => {
      const seen = { peak: 0 }
      const before = usedBytes()
      const answer = await send(file(rows, seen))
      expect(answer.status).toBe(201)
      const made = (await answer.json()) as DatasetVersion
      expect(made).toMatchObject({ rows, report: { rejectedCount: 0, duplicates: { count: 0 } } })
      expect(made.classes).toHaveLength(7)
      return seen.peak - before
    }
    await upload(10_000)
    const [few, many] = [await upload(20_000), await upload(200_000)]
    // The file is 55 MB; the digests of 200,000 texts take 2^19 slots of 24 bytes, and half as much while they grow.
    expect(many - few).toBeLessThan(2 ** 19 * 36 + 16 * 1024 ** 2)
  },
)

it('keeps nothing of an upload that is cut off in the middle', { timeout: 60_000 }, async () => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv' }
  const sending = request(url, { method: 'POST', headers })
  sending.on('error', () => undefined)
  sending.write('text,label\n')
  const text = 'x'.repeat(10_000)
  await vi.waitFor(
    async () => {
      for (let row = 0; row < 100; row++) sending.write(`${text}${Math.random()},good\n`)
      expect((await objects()).length).toBeGreaterThan(1)
    },
    { timeout: 30_000, interval: 10 },
  )
  const read = { headers: { authorization: `Bearer ${key}` } }
  expect((await fetch(url, read)).status).toBe(404)
  sending.destroy()
  await vi.waitFor(async () => expect(await objects()).toEqual([]), { timeout: 30_000 })
  expect((await fetch(url, read)).status).toBe(404)
})

it('says why it refuses while the body is still on its way', { timeout: 60_000 }, async () => {
  function* endless(): Generator<string> {
    yield 'review,stars\n'
    const lines = 'some words in a row,5\n'.repeat(500)
    for (let chunk = 0; chunk < 2_000; chunk++) yield lines
  }
  const answer = await send(endless())
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as { error: { message: string } }).error.message).toContain('it has "review", "stars"')
  expect(await objects()).toEqual([])
})
