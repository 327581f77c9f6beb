import { gzipSync } from 'node:zlib'
import { topics } from '@rapport/contracts'
import { archiveFileName, toArchiveLine } from '@rapport/object-store'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { anEvent } from '../testing/events.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { replayArchive, type ReplayOptions } from './replay-archive.ts'

const topic = topics.events.name
const partition = 3
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

/** Files of ten events each of one visitor. */
async function archive(files: number): Promise<void> {
  for (let file = 0; file < files; file += 1) {
    const [first, last] = [10 * file, 10 * file + 9]
    const lines = Array.from({ length: 10 }, (_, at) =>
      toArchiveLine({
        offset: first + at,
        appendedAtMs: Date.now(),
        key: 'shop/u:ada',
        value: Buffer.from(JSON.stringify(anEvent({ userId: 'ada', messageId: `m${first + at}` }))),
      }),
    )
    const key = archiveFileName({ tenant: 'shop', topic, partition, first, last })
    await harness.dependencies.objectStore.put(key, gzipSync(lines.join('')))
  }
}

it('applies nothing above a file that was not wanted for a moment, and that file in the next pass', async () => {
  await archive(4)
  const { onlineStore, objectStore } = harness.dependencies
  let looks = 0
  const next = new Map<number, number>()
  const options: ReplayOptions & { readonly partitions: readonly number[] } = {
    onlineStore,
    objectStore,
    dedupWindowMs: 86_400_000,
    maxBatchEvents: 1000,
    session: onlineStore.session,
    // While a group shares anew nothing is held: here when the second file is looked at.
    isWanted: () => (looks += 1) !== 2,
    onProgress: () => {},
    signal: new AbortController().signal,
    log: silent,
    partitions: [partition],
  }
  expect(await replayArchive('shop', next, options)).toEqual({ read: 10, left: new Set([partition]) })
  expect(next.get(partition)).toBe(10)
  expect(await replayArchive('shop', next, options)).toEqual({ read: 30, left: new Set() })
  expect(next.get(partition)).toBe(40)
  expect(await harness.exported()).toContain('{"kind":"user","id":"ada","sequence":40}')
})
