import { archiveGroup, topics } from '@rapport/contracts'
import { flushArchive } from '@rapport/features'
import { archivePrefix, readArchive, readArchiveFiles, type ObjectStore } from '@rapport/object-store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RecordBatch } from '@rapport/messaging'
import { anEvent, toRecord } from '../testing/events.ts'
import { consumed, createHarness, testConfig, type Harness } from '../testing/harness.ts'
import { ArchiveWriter } from './archive-writer.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

const topic = topics.events.name
const events = (count: number): ReturnType<typeof anEvent>[] =>
  Array.from({ length: count }, (_, index) => anEvent({ userId: `u${index % 13}` }))

const archivedIds = async (tenant = 'shop'): Promise<string[]> => {
  const lines = await Array.fromAsync(readArchive(harness.dependencies.objectStore, tenant, topic))
  return lines.map(({ value }) => (value as { messageId: string }).messageId).sort()
}
const idsOf = (published: readonly { messageId: string }[]): string[] =>
  published.map(({ messageId }) => messageId).sort()

describe('the archive', () => {
  it('has everything up to now when a flush resolves, by tenant', async () => {
    await harness.startConsuming()
    const mine = events(100)
    const theirs = Array.from({ length: 30 }, () => anEvent({ tenant: 'other-shop' }))
    await harness.publish([...mine, ...theirs])
    await flushArchive(harness.dependencies.eventLog)
    expect(await archivedIds()).toEqual(idsOf(mine))
    expect(await archivedIds('other-shop')).toEqual(idsOf(theirs))
    const more = events(5)
    await harness.publish(more)
    await flushArchive(harness.dependencies.eventLog)
    expect(await archivedIds()).toEqual(idsOf([...mine, ...more]))
  })

  it('commits nothing before its files are stored, and writes when its time is up', async () => {
    let refusals = 0
    const objectStore = withPut(harness.dependencies.objectStore, (put) => {
      refusals += 1
      if (refusals <= 3) throw new Error('no room')
      return put()
    })
    await harness.startConsuming({ objectStore }, { archive: { ...testConfig.archive, flushIntervalMs: 30 } })
    const published = events(20)
    await harness.publish(published)
    await vi.waitFor(() => expect(refusals).toBeGreaterThan(0))
    const before = await harness.dependencies.eventLog.checkpoints(archiveGroup, topic)
    const stored = await Array.fromAsync(harness.dependencies.objectStore.list(archivePrefix('shop')))
    expect(before.size).toBeLessThanOrEqual(stored.length)
    await consumed(harness.dependencies.eventLog, archiveGroup, topic)
    expect(refusals).toBeGreaterThan(3)
    expect(await archivedIds()).toEqual(idsOf(published))
  })

  it('writes when a partition is full', async () => {
    await harness.startConsuming({}, { maxBatchEvents: 10, archive: { ...testConfig.archive, flushBytes: 2000 } })
    const published = Array.from({ length: 50 }, () => anEvent({ userId: 'u1' }))
    await harness.publish(published)
    await consumed(harness.dependencies.eventLog, archiveGroup, topic)
    expect(await archivedIds()).toEqual(idsOf(published))
  })

  it('reads each record once when a crash between put and commit makes files overlap', async () => {
    const crashed = withPut(harness.dependencies.objectStore, async (put) => {
      await put()
      throw new Error('the process died here')
    })
    const first = await harness.startConsuming(
      { objectStore: crashed },
      { archive: { ...testConfig.archive, flushIntervalMs: 20 } },
    )
    const published = Array.from({ length: 10 }, () => anEvent({ userId: 'u1' }))
    await harness.publish(published)
    const { objectStore, eventLog } = harness.dependencies
    const files = async (): Promise<number> => (await Array.fromAsync(objectStore.list(archivePrefix('shop')))).length
    await vi.waitFor(async () => expect(await files()).toBe(1))
    await first[Symbol.asyncDispose]()
    const checkpoints = await eventLog.checkpoints(archiveGroup, topic)
    expect([...checkpoints.values()].every(({ nextOffset }) => nextOffset === 0)).toBe(true)
    const more = Array.from({ length: 10 }, () => anEvent({ userId: 'u1' }))
    await harness.publish(more)
    await harness.startConsuming()
    await flushArchive(eventLog)
    expect(await files()).toBe(2)
    const read = await Array.fromAsync(readArchiveFiles(objectStore, 'shop', topic))
    expect(read.map(({ file, lines }) => [file.first, file.last, lines.length])).toEqual([
      [0, 9, 10],
      [0, 19, 10],
    ])
    expect(await archivedIds()).toEqual(idsOf([...published, ...more]))
  })

  it('comes up to what was asked for, also when it was full before', async () => {
    const { objectStore, log } = harness.dependencies
    const writer = new ArchiveWriter(objectStore, { limits: { ...testConfig.archive, flushBytes: 2000 }, log })
    const committed: number[] = []
    const batch = (first: number, count: number): RecordBatch => ({
      topic,
      partition: 0,
      records: events(count).map((event, index) => {
        const { key, value } = toRecord(event)
        return { topic, partition: 0, offset: first + index, key, value, headers: {}, appendedAtMs: 0 }
      }),
      checkpoint: undefined,
      isCurrent: () => true,
      commit: async (nextOffset) => void committed.push(nextOffset),
    })
    await writer.flushThrough([{ topic, partition: 0, firstOffset: 0, nextOffset: 41 }])
    await writer.add(batch(0, 40))
    expect(committed).toEqual([40])
    await writer.add(batch(40, 1))
    expect(committed).toEqual([40, 41])
  })
})

/** An object store whose puts into the archive go through `intercept`. */
function withPut(
  store: ObjectStore,
  intercept: (put: () => ReturnType<ObjectStore['put']>) => ReturnType<ObjectStore['put']>,
): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'put') {
        return async (...call: Parameters<ObjectStore['put']>) =>
          call[0].startsWith('archive/') ? intercept(() => target.put(...call)) : target.put(...call)
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
