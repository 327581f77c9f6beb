import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Application, Change, OnlineStore } from '@rapport/online-store'
import { openEmbeddedOnlineStore } from '@rapport/online-store/embedded'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VisitorRef } from './behaviour-reader.ts'
import { createFeatureReader } from './feature-reader.ts'
import { entities, parts } from './layout.ts'
import { readMembers } from './members.ts'
import { createBehaviourReader } from './online-behaviour-reader.ts'

let directory: string
let store: OnlineStore
let reads: number
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-features-'))
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const opened = await openEmbeddedOnlineStore({ directory, log })
  reads = 0
  store = new Proxy(opened, {
    get(target, name) {
      if (name === 'read') reads += 1
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

interface Statement {
  readonly kind: 'link' | 'unlink'
  readonly user: string
  readonly anonymous: string
  readonly atMs: number
  readonly messageId: string
}

let offset = 0
async function change(
  kind: 'user' | 'anonymous' | 'item',
  id: string,
  changes: readonly Change[],
  { messageId = `m${offset}`, tenant = 't' }: { messageId?: string; tenant?: string } = {},
): Promise<void> {
  offset += 1
  const entry = { offset, messageId, receivedAtMs: 0, changes }
  const application: Application = { entity: entities[kind](tenant, id), topic: 'x', partition: 0, entries: [entry] }
  await store.apply([application])
}

async function state(statement: Statement, tenant = 't'): Promise<void> {
  const { kind, user, anonymous, atMs, messageId } = statement
  const changes = (field: string): Change[] =>
    kind === 'unlink'
      ? [{ op: 'latest', part: parts.newestUnlinks, field, atMs, value: null }]
      : [
          { op: 'earliest', part: parts.firstLinks, field, atMs, value: null },
          { op: 'latest', part: parts.newestLinks, field, atMs, value: null },
        ]
  await change('user', user, changes(anonymous), { messageId, tenant })
  await change('anonymous', anonymous, changes(user), { messageId, tenant })
}

const link = (user: string, anonymous: string, atMs: number): Promise<void> =>
  state({ kind: 'link', user, anonymous, atMs, messageId: `l${user}${anonymous}${atMs}` })
const unlink = (user: string, anonymous: string, atMs: number): Promise<void> =>
  state({ kind: 'unlink', user, anonymous, atMs, messageId: `x${user}${anonymous}${atMs}` })
const view = (kind: 'user' | 'anonymous', id: string, item: string, atMs: number): Promise<void> =>
  change(kind, id, [{ op: 'newest', part: parts.recent('Product Viewed'), member: item, atMs, value: null, keep: 200 }])

async function membersOf(visitor: Omit<VisitorRef, 'tenant'>, tenant = 't'): Promise<string[]> {
  const [members = []] = await readMembers(store, [{ tenant, ...visitor }], [])
  return members.map(({ entity }) => `${entity.kind}:${entity.id}`)
}

describe('the members of a visitor', () => {
  it('are the linked ids, found from either side', async () => {
    await link('u', 'a', 1)
    await link('u', 'b', 2)
    expect(await membersOf({ userId: 'u' })).toEqual(['user:u', 'anonymous:a', 'anonymous:b'])
    expect(await membersOf({ anonymousId: 'b' })).toEqual(['user:u', 'anonymous:a', 'anonymous:b'])
    expect(await membersOf({ userId: 'u', anonymousId: 'new' })).toEqual([
      'user:u',
      'anonymous:a',
      'anonymous:b',
      'anonymous:new',
    ])
  })
  it('belong to the user of the first link', async () => {
    await link('late', 'a', 5)
    await link('early', 'a', 3)
    expect(await membersOf({ userId: 'late' })).toEqual(['user:late'])
    expect(await membersOf({ userId: 'late', anonymousId: 'a' })).toEqual(['user:late'])
    expect(await membersOf({ anonymousId: 'a' })).toEqual(['user:early', 'anonymous:a'])
  })
  it('go when the link is undone, to the next user, and come back with a newer link', async () => {
    await link('u', 'a', 1)
    await link('v', 'a', 2)
    await unlink('u', 'a', 3)
    expect(await membersOf({ userId: 'u' })).toEqual(['user:u'])
    expect(await membersOf({ anonymousId: 'a' })).toEqual(['user:v', 'anonymous:a'])
    await link('u', 'a', 4)
    expect(await membersOf({ anonymousId: 'a' })).toEqual(['user:u', 'anonymous:a'])
  })
  it('are at most sixteen, the earliest', async () => {
    for (let index = 19; index >= 0; index -= 1) await link('u', `a${index}`, index)
    const members = await membersOf({ userId: 'u' })
    expect(members).toEqual(['user:u', ...Array.from({ length: 16 }, (_, index) => `anonymous:a${index}`)])
    expect(await membersOf({ anonymousId: 'a18' })).toEqual(['anonymous:a18'])
    expect((await membersOf({ userId: 'u', anonymousId: 'a18' })).length).toBe(17)
  })
  it('do not depend on the order of links and unlinks', async () => {
    const id = fc.constantFrom('1', '2', '3')
    const statement = fc.record({
      kind: fc.constantFrom('link' as const, 'link' as const, 'unlink' as const),
      user: id,
      anonymous: id,
      atMs: fc.integer({ min: 1, max: 6 }),
    })
    const scenario = fc
      .array(statement, { minLength: 1, maxLength: 12 })
      .map((all) => all.map((each, index): Statement => ({ ...each, messageId: `m${index}` })))
      .chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
      )
    let run = 0
    await fc.assert(
      fc.asyncProperty(scenario, async ([one, other]) => {
        run += 1
        for (const each of one) await state(each, `one-${run}`)
        for (const each of other) await state(each, `other-${run}`)
        for (const visitor of [
          { userId: '1' },
          { userId: '2' },
          { anonymousId: '1' },
          { anonymousId: '3' },
          { userId: '3', anonymousId: '2' },
        ]) {
          expect(await membersOf(visitor, `other-${run}`)).toEqual(await membersOf(visitor, `one-${run}`))
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('behaviour', () => {
  it('is merged over the members, newest first, each item once', async () => {
    await link('u', 'a', 1)
    await view('user', 'u', 'x', 10)
    await view('anonymous', 'a', 'y', 20)
    await view('anonymous', 'a', 'x', 30)
    const reader = createBehaviourReader(store)
    const behaviour = await reader.readVisitor({ tenant: 't', userId: 'u' })
    expect(behaviour.recentByEvent.get('Product Viewed')).toEqual([
      { itemId: 'x', atMs: 30 },
      { itemId: 'y', atMs: 20 },
    ])
    const before = await reader.readVisitor({ tenant: 't', userId: 'u' }, { asOfMs: 25 })
    expect(before.recentByEvent.get('Product Viewed')).toEqual([{ itemId: 'y', atMs: 20 }])
  })
  it('has a stamp that changes with every member and link', async () => {
    const reader = createBehaviourReader(store)
    const stamps = new Set<string>()
    const look = async (): Promise<void> => {
      const { stamp } = await reader.readVisitor({ tenant: 't', userId: 'u' })
      expect(await reader.readStamp({ tenant: 't', userId: 'u' })).toBe(stamp)
      stamps.add(stamp)
    }
    await look()
    await view('user', 'u', 'x', 10)
    await look()
    await link('u', 'a', 1)
    await look()
    await view('anonymous', 'a', 'x', 11)
    await look()
    await unlink('u', 'a', 12)
    await look()
    expect(stamps.size).toBe(5)
  })
  it('takes one store call without links, two with', async () => {
    await view('user', 'u', 'x', 10)
    const reader = createBehaviourReader(store)
    reads = 0
    await reader.readVisitor({ tenant: 't', userId: 'u' })
    expect(reads).toBe(1)
    await link('u', 'a', 1)
    reads = 0
    await reader.readVisitor({ tenant: 't', userId: 'u' })
    expect(reads).toBe(2)
  })
})

describe('the feature reader', () => {
  it('says what is present, missing and stale', async () => {
    const hour = 3600_000
    const asOfMs = 1000 * 24 * hour
    await change('user', 'u', [
      { op: 'count', part: parts.count('Product Viewed'), atMs: asOfMs - 2 * hour, amount: 3 },
      { op: 'latest', part: parts.seen, field: 'Product Viewed', atMs: asOfMs - 2 * hour, value: null },
      { op: 'latest', part: parts.traits, field: 'plan', atMs: asOfMs - 50 * hour, value: 'gold' },
    ])
    const read = createFeatureReader(store)
    const features = [
      { kind: 'count', window: '24h', event: 'Product Viewed' },
      { kind: 'trait', name: 'plan' },
      { kind: 'trait', name: 'other' },
    ] as const
    const rows = await read({
      tenant: 't',
      entities: [
        { kind: 'item', id: 'u' },
        { kind: 'user', id: 'u' },
      ],
      features,
      asOfMs,
      maxAgeMs: 24 * hour,
    })
    expect(rows[0]?.map(({ status }) => status)).toEqual(['missing', 'missing', 'missing'])
    expect(rows[1]).toEqual([
      { value: 3, eventMs: asOfMs - 2 * hour, status: 'present' },
      { value: 'gold', eventMs: asOfMs - 50 * hour, status: 'stale' },
      { value: null, eventMs: undefined, status: 'missing' },
    ])
    const [, earlier] = await read({
      tenant: 't',
      entities: [
        { kind: 'item', id: 'u' },
        { kind: 'user', id: 'u' },
      ],
      features,
      asOfMs: asOfMs - 10 * hour,
    })
    expect(earlier?.[0]).toMatchObject({ value: 0, status: 'present' })
  })
})
