import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Event } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { archiveEvents, makeEvent, seededRandom, startMs, view } from '../testing/synthetic-archive.ts'
import { weightedEvents } from './event-weights.ts'
import { fingerprintOf } from './interaction-log.ts'
import { MessageIdSet } from './message-id-set.ts'
import { readInteractions } from './read-interactions.ts'

describe('reading interactions', () => {
  let directory: string
  let objects: ObjectStore
  let warnings: object[]
  const silent = (): void => undefined
  const log: Log = { debug: silent, info: silent, error: silent, warn: (fields) => void warnings.push(fields) }
  beforeEach(async () => {
    warnings = []
    directory = await mkdtemp(join(tmpdir(), 'training-'))
    objects = await openFilesystemObjectStore({ directory })
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  async function read(events: readonly Event[]) {
    await archiveEvents(objects, events)
    return readInteractions(objects, 'shop', { log, signal: new AbortController().signal })
  }
  /** `item event +time` of each user, users in the order of their numbers. */
  async function histories(events: readonly Event[]): Promise<string[][]> {
    const { interactions } = await read(events)
    const { starts, items, kinds, timesMs, itemIds, users } = interactions
    return Array.from({ length: users }, (_, user) =>
      Array.from({ length: (starts[user + 1] ?? 0) - (starts[user] ?? 0) }, (_, at) => {
        const act = (starts[user] ?? 0) + at
        return `${itemIds[items[act] ?? 0]} ${weightedEvents[kinds[act] ?? 0]} +${(timesMs[act] ?? 0) - startMs}`
      }),
    )
  }
  const link = (userId: string, anonymousId: string, atMs: number, fields: Partial<Event> = {}): Event =>
    makeEvent({ type: 'identify', userId, anonymousId, atMs, ...fields })
  const anonymousView = (anonymousId: string, itemId: string, atMs: number): Event =>
    makeEvent({ anonymousId, properties: { product_id: itemId }, atMs })

  it('keeps who did what to which item when, in the order of time', async () => {
    const order = { products: [{ product_id: 'b' }, { sku: 'c' }, { productId: 7 }, { itemId: 'b' }, { name: 'none' }] }
    expect(
      await histories([
        view('u1', 'b', startMs + 50),
        view('u1', 'a', startMs + 10),
        makeEvent({ userId: 'u1', event: 'Order Completed', properties: order, atMs: startMs + 60 }),
        makeEvent({ userId: 'u1', event: 'Cart Viewed', properties: order, atMs: startMs + 70 }),
        makeEvent({ userId: 'u1', type: 'page', properties: order, atMs: startMs + 80 }),
        view('u2', 'a', startMs),
      ]),
    ).toEqual([
      [
        'a Product Viewed +10',
        'b Product Viewed +50',
        '7 Order Completed +60',
        'b Order Completed +60',
        'c Order Completed +60',
      ],
      ['a Product Viewed +0'],
    ])
  })

  it('takes no bad review for taste', async () => {
    const review = (item: string, rating: number, atMs: number): Event =>
      makeEvent({ userId: 'u1', event: 'Product Reviewed', properties: { product_id: item, rating }, atMs })
    expect(await histories([review('a', 1, startMs), review('b', 4, startMs + 1)])).toEqual([['b Product Reviewed +1']])
  })

  it('takes a messageId once, and leaves out what is no event of the tenant', async () => {
    const one = view('u1', 'a', startMs)
    const { interactions, events } = await read([
      one,
      { ...one, properties: { product_id: 'other' } },
      { ...view('u1', 'b', startMs), timestamp: 'yesterday' },
      { ...view('u1', 'c', startMs), messageId: '' },
    ])
    expect(interactions.itemIds).toEqual(['a'])
    expect(events).toBe(1)
    expect(warnings).toEqual([{ unusable: 2 }])
  })

  it('merges linked anonymous visitors into their user, whenever the link came', async () => {
    expect(
      await histories([
        anonymousView('anon-1', 'a', startMs + 1),
        view('ann', 'b', startMs + 2),
        link('ann', 'anon-1', startMs + 3),
        anonymousView('anon-1', 'c', startMs + 4),
        anonymousView('stranger', 'd', startMs + 5),
        makeEvent({ type: 'alias', userId: 'ann', previousId: 'old', atMs: startMs + 6 }),
        anonymousView('old', 'e', startMs),
      ]),
    ).toEqual([
      ['d Product Viewed +5'],
      ['e Product Viewed +0', 'a Product Viewed +1', 'b Product Viewed +2', 'c Product Viewed +4'],
    ])
  })

  it('follows the rules of links: the first wins, blocked values and undone links do not count', async () => {
    const undo = { event: 'Identity Unlinked', type: 'track', properties: { anonymousId: 'undone' } } as const
    expect(
      await histories([
        link('late', 'anon-1', startMs + 9),
        link('early', 'anon-1', startMs + 1),
        anonymousView('anon-1', 'a', startMs),
        view('early', 'b', startMs + 1),
        view('late', 'c', startMs + 2),
        link('late', 'undefined', startMs + 1),
        anonymousView('undefined', 'd', startMs + 3),
        link('late', 'undone', startMs + 1),
        makeEvent({ userId: 'late', atMs: startMs + 5, ...undo }),
        anonymousView('undone', 'e', startMs + 4),
      ]),
    ).toEqual([
      ['d Product Viewed +3'],
      ['e Product Viewed +4'],
      ['a Product Viewed +0', 'b Product Viewed +1'],
      ['c Product Viewed +2'],
    ])
  })

  it('gives a user the first 16 members', async () => {
    const events = Array.from({ length: 18 }, (_, at) => [
      link('ann', `anon-${at}`, startMs + at),
      anonymousView(`anon-${at}`, `item-${at}`, startMs + at),
    ]).flat()
    const found = await histories(events)
    expect(found.map((history) => history.length)).toEqual([1, 1, 16])
  })

  it('gives the same whatever the order in which events have come', async () => {
    const events = [
      view('u2', 'b', startMs),
      anonymousView('anon-1', 'c', startMs),
      view('u1', 'b', startMs + 1),
      view('u1', 'a', startMs + 1),
      link('u1', 'anon-1', startMs + 2),
    ]
    const { interactions } = await read(events)
    expect((await read(events.toReversed())).interactions).toEqual(interactions)
  })

  it('gives the same fingerprint for the same data, another for other data', async () => {
    const { interactions } = await read([view('u1', 'a', startMs), view('u1', 'b', startMs)])
    const again = await readInteractions(objects, 'shop', { log, signal: new AbortController().signal })
    expect(fingerprintOf(again.interactions)).toBe(fingerprintOf(interactions))
    const other = { ...interactions, timesMs: interactions.timesMs.map((atMs) => atMs + 1) }
    expect(fingerprintOf(other)).not.toBe(fingerprintOf(interactions))
  })
})

describe('a set of messageIds', () => {
  it('knows what was added, as it grows', () => {
    const random = seededRandom(3)
    const ids = Array.from({ length: 5000 }, () => `id-${Math.floor(random() * 3000)}`)
    const set = new MessageIdSet()
    const known = new Set<string>()
    for (const id of ids) {
      expect(set.add(id)).toBe(!known.has(id))
      known.add(id)
    }
  })
})
