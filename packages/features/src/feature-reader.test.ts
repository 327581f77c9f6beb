import type { EntityRef, EntityState, OnlineStore, PartValue, Register } from '@rapport/online-store'
import { describe, expect, it } from 'vitest'
import { readFeatureName, type Feature } from './feature-name.ts'
import { createFeatureReader, type FeatureEntity, type FeatureRead } from './feature-reader.ts'
import { hourMs, parts } from './layout.ts'
import { windows } from './windows.ts'

const asOfMs = Date.parse('2026-03-02T12:00:00Z')

const register = (ageMs: number, value: Register['value'] = null): Register => ({
  atMs: asOfMs - ageMs,
  messageId: `m${ageMs}`,
  value,
})

function count(amount: number, ageHours: number): PartValue {
  const startMs = asOfMs - ageHours * hourMs
  return { op: 'count', total: amount + 1, fiveMinutes: [[startMs, amount]], hours: [[startMs, amount]] }
}

const latest = (fields: Readonly<Record<string, Register>>): PartValue => ({
  op: 'latest',
  fields: new Map(Object.entries(fields)),
})

const link = (id: string): Readonly<Record<string, PartValue>> => ({
  [parts.firstLinks]: { op: 'earliest', fields: new Map([[id, register(hourMs)]]) },
  [parts.newestLinks]: latest({ [id]: register(hourMs) }),
})

/** Some counters are there and some are not; `u2` is linked with `a2`; nobody knows `u9`. */
const states: Readonly<Record<string, Readonly<Record<string, PartValue>>>> = {
  'user/u1': {
    [parts.count('Product Viewed')]: count(4, 2),
    [parts.orders]: count(2, 30),
    [parts.seen]: latest({ 'Product Viewed': register(hourMs / 2), Later: register(-hourMs) }),
    [parts.firstSeen]: { op: 'earliest', fields: new Map([['at', register(90 * hourMs)]]) },
    [parts.traits]: latest({ plan: register(5 * hourMs, 'gold'), gone: register(hourMs) }),
  },
  'user/u2': {
    ...link('a2'),
    [parts.count('Product Viewed')]: count(1, 1),
    [parts.seen]: latest({ 'Product Viewed': register(hourMs) }),
  },
  'anonymous/a2': {
    ...link('u2'),
    [parts.count('Product Viewed')]: count(10, 50),
    [parts.count('Product Added')]: count(3, 3),
    [parts.seen]: latest({ 'Product Viewed': register(2 * hourMs), 'Product Added': register(3 * hourMs) }),
    [parts.firstSeen]: { op: 'earliest', fields: new Map([['at', register(50 * hourMs)]]) },
    [parts.recent('Product Viewed')]: { op: 'newest', members: [{ member: 'i1', ...register(2 * hourMs) }] },
  },
  'item/i1': { [parts.count('Product Viewed')]: count(100, 1), [parts.units]: count(7, 200) },
}

function stateOf({ kind, id }: EntityRef, asked: readonly string[] | 'all'): EntityState {
  const all = Object.entries(states[`${kind}/${id}`] ?? {})
  return {
    sequence: all.length === 0 ? 0 : 1,
    parts: new Map(all.filter(([part]) => asked === 'all' || asked.includes(part))),
  }
}

/** Gives of each state the parts that are asked for. */
const store: Pick<OnlineStore, 'read'> = {
  read: (requests) => Promise.resolve(requests.map(({ entity, parts: asked }) => stateOf(entity, asked))),
}

const named = (name: string): Feature => {
  const feature = readFeatureName(name)
  if (feature === undefined) throw new Error(name)
  return feature
}
const features = [
  ...windows.flatMap((window) => [
    `count:${window}:Product Viewed`,
    `count:${window}:Product Added`,
    `count:${window}:Later`,
    `orders:${window}`,
    `units:${window}`,
    `revenue:${window}:EUR`,
  ]),
  'popularity:1h',
  'popularity:7d',
  'popularity:24h:Product Viewed',
  'last:Product Viewed',
  'last:Later',
  'recent:Product Viewed',
  'recent:Other',
  'trait:plan',
  'trait:gone',
  'lastSeen',
  'firstSeen',
].map(named)
const entities: readonly FeatureEntity[] = [
  { kind: 'user', id: 'u1' },
  { kind: 'item', id: 'i1' },
  { kind: 'user', id: 'u9' },
  { kind: 'user', id: 'u2' },
  { kind: 'anonymous', id: 'a2' },
  { kind: 'item', id: 'i9' },
  { kind: 'user', id: 'u1' },
]

describe('many features of many entities', () => {
  const read = createFeatureReader(store as OnlineStore)

  it.each<[string, Partial<FeatureRead>]>([
    ['now', {}],
    ['earlier', { asOfMs: asOfMs - 2 * hourMs }],
    ['with an age', { maxAgeMs: 2 * hourMs }],
  ])('are those that each of them alone has, %s', async (_, options) => {
    const base = { tenant: 't', asOfMs, ...options }
    const alone = (entity: FeatureEntity) => async (feature: Feature) =>
      (await read({ ...base, entities: [entity], features: [feature] }))[0]?.[0]
    const together = await read({ ...base, entities, features })
    const expected = await Promise.all(entities.map((entity) => Promise.all(features.map(alone(entity)))))
    expect(together).toEqual(expected)
    expect(new Set(together.flat().map(({ value }) => JSON.stringify(value))).size).toBeGreaterThan(10)
  })

  it('are over all members of a visitor', async () => {
    const names = ['count:24h:Product Viewed', 'count:30d:Product Viewed', 'last:Product Added', 'firstSeen']
    const asked = entities.filter(({ id }) => id === 'a2' || id === 'u1')
    const rows = await read({ tenant: 't', asOfMs, entities: asked, features: names.map(named) })
    const viewed = { eventMs: asOfMs - hourMs / 2, status: 'present' }
    expect(rows.map((row) => row[0])).toEqual([
      { value: 4, ...viewed },
      { value: 1, ...viewed, eventMs: asOfMs - hourMs },
      { value: 4, ...viewed },
    ])
    const timeAgo = (hours: number): object => ({
      value: new Date(asOfMs - hours * hourMs).toISOString(),
      eventMs: asOfMs - hours * hourMs,
      status: 'present',
    })
    expect(rows[1]?.slice(1)).toEqual([
      { value: 11, eventMs: asOfMs - hourMs, status: 'present' },
      timeAgo(3),
      timeAgo(50),
    ])
  })
})
