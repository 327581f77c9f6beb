import type { Event } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { compareEffects, expectedEffects, listDifferences, standingEffects } from './effects.ts'

const at = '2026-03-02T12:40:00.000Z'
const later = '2026-03-02T13:10:00.000Z'

function event(messageId: string, fields: Partial<Event>): Event {
  const base = { tenant: 'shop', source: 'test', type: 'track', originalTimestamp: at, receivedAt: at, version: 1 }
  return { ...base, messageId, timestamp: at, ...fields } as Event
}

const products = [
  { product_id: 'cup', quantity: 1, price: 2.5 },
  { product_id: 'pot', quantity: 2, price: 10 },
]
const events = [
  event('m1', { userId: 'ada', event: 'Product Viewed', properties: { product_id: 'cup' } }),
  event('m2', { userId: 'ada', event: 'Order Completed', properties: { currency: 'EUR', products }, timestamp: later }),
  event('m3', { userId: 'ada', anonymousId: 'phone', type: 'identify' }),
  event('m4', { anonymousId: 'phone', event: 'Product Viewed', properties: { product_id: 'cup' } }),
  event('m5', { userId: 'ada', anonymousId: 'phone', type: 'identify', timestamp: later }),
]

interface Line {
  readonly kind: string
  readonly id: string
  readonly part?: string
  readonly field?: string
  readonly amount?: number
  readonly [name: string]: unknown
}
const hour = (time: string): string => String(Date.parse(`2026-03-02T${time}:00.000Z`))
const count = (kind: string, id: string, name: string, amount: number): Line[] => [
  { kind, id, part: `count/${name}`, field: 'total', amount },
  { kind, id, part: `count/${name}`, field: `hours/${at}`, amount },
]
const tally = (unit: string, from: string, [name, field, amount]: readonly [string, string, number]): Line => ({
  kind: `trend-${unit}`,
  id: hour(from),
  part: `tally/${name}`,
  field,
  amount,
})
const link = (kind: string, id: string, [field, first, last]: readonly [string, string, string]): Line[] => [
  { kind, id, part: 'earliest/links', field, at, messageId: first, value: null },
  { kind, id, part: 'latest/links', field, at: later, messageId: last, value: null },
]

/** As `GET /v1/state/export` gives it after these events. */
const state: readonly Line[] = [
  { kind: 'user', id: 'ada', sequence: 4 },
  ...count('user', 'ada', 'Product Viewed', 1),
  ...count('user', 'ada', 'Order Completed', 1),
  ...count('user', 'ada', 'orders', 1),
  ...count('user', 'ada', 'revenue:EUR', 2250),
  ...count('user', 'ada', 'identify', 2),
  ...link('user', 'ada', ['phone', 'm3', 'm5']),
  { kind: 'user', id: 'ada', part: 'latest/seen', field: 'identify', at, messageId: 'm3', value: null },
  { kind: 'anonymous', id: 'phone', sequence: 3 },
  ...count('anonymous', 'phone', 'Product Viewed', 1),
  ...link('anonymous', 'phone', ['ada', 'm3', 'm5']),
  { kind: 'item', id: 'cup', sequence: 3 },
  ...count('item', 'cup', 'Product Viewed', 2),
  ...count('item', 'cup', 'Order Completed', 1),
  ...count('item', 'cup', 'units', 1),
  ...count('item', 'cup', 'revenue:EUR', 250),
  { kind: 'item', id: 'pot', sequence: 1 },
  ...count('item', 'pot', 'Order Completed', 1),
  ...count('item', 'pot', 'units', 2),
  ...count('item', 'pot', 'revenue:EUR', 2000),
  tally('hour', '12:00', ['Product Viewed', 'cup', 2]),
  tally('hour', '13:00', ['Order Completed', 'cup', 1]),
  tally('hour', '13:00', ['Order Completed', 'pot', 1]),
  tally('day', '00:00', ['Product Viewed', 'cup', 2]),
  tally('day', '00:00', ['Order Completed', 'cup', 1]),
  tally('day', '00:00', ['Order Completed', 'pot', 1]),
  { kind: 'tenant', id: 'tenant', part: 'latest/clock', field: 'newestEvent', at: later, messageId: 'm5', value: null },
]

type Names = Partial<Record<'kind' | 'id' | 'part' | 'field', string>>

const isNamed = (line: Line, names: Names): boolean =>
  Object.entries(names).every(([name, value]) => line[name] === value)
/** The state with the one field that has these names changed, or without it. */
function changed(names: Names, change?: Readonly<Record<string, unknown>>): Line[] {
  expect(state.filter((line) => isNamed(line, names))).toHaveLength(1)
  return state.flatMap((line) =>
    isNamed(line, names) ? (change === undefined ? [] : [{ ...line, ...change }]) : [line],
  )
}

/** What is amiss, by kind. */
function amiss(lines: readonly Line[]): Record<string, [unapplied: number, appliedTwice: number]> {
  const tallies = compareEffects(expectedEffects(events), standingEffects(lines.map((line) => JSON.stringify(line))))
  return Object.fromEntries(
    Object.entries(tallies).flatMap(([kind, { unapplied, appliedTwice }]) =>
      unapplied + appliedTwice === 0 ? [] : [[kind, [unapplied, appliedTwice]]],
    ),
  )
}

describe('the checker of effects', () => {
  it('finds nothing amiss where every event took effect once', () => {
    expect(amiss(state)).toEqual({})
    const tallies = compareEffects(expectedEffects(events), standingEffects(state.map((line) => JSON.stringify(line))))
    expect(Object.values(tallies).map(({ applied }) => applied)).toEqual([6, 4, 3, 4500, 8, 6, 1])
  })

  it('finds what was not applied, by the kind of the entity', () => {
    const total = { field: 'total' }
    const cup = { kind: 'item', id: 'cup' }
    expect(amiss(changed({ kind: 'user', part: 'count/Product Viewed', ...total }))).toEqual({ visitors: [1, 0] })
    expect(amiss(changed({ ...cup, part: 'count/Product Viewed', ...total }, { amount: 1 }))).toEqual({ items: [1, 0] })
    expect(amiss(changed({ id: 'pot', part: 'count/Order Completed', ...total }))).toEqual({ items: [1, 0] })
    expect(amiss(changed({ id: 'pot', part: 'count/units', ...total }))).toEqual({ units: [2, 0] })
    expect(amiss(changed({ ...cup, part: 'count/revenue:EUR', ...total }))).toEqual({ revenue: [250, 0] })
    const trend = { kind: 'trend-hour', part: 'tally/Product Viewed' }
    expect(amiss(changed(trend, { amount: 1 }))).toEqual({ trends: [1, 0] })
    expect(amiss(changed({ kind: 'trend-day', part: 'tally/Order Completed', field: 'pot' }))).toEqual({
      trends: [1, 0],
    })
    expect(amiss(state.filter(({ kind }) => kind !== 'tenant'))).toEqual({ clock: [1, 0] })
  })

  it('finds a link that one of the two ids lacks, or that has missed the newer statement', () => {
    const ofPhone = { kind: 'anonymous', part: 'latest/links' }
    expect(amiss(changed({ kind: 'user', part: 'earliest/links' }))).toEqual({ links: [1, 0] })
    expect(amiss(changed(ofPhone))).toEqual({ links: [1, 0] })
    expect(amiss(changed(ofPhone, { messageId: 'm3' }))).toEqual({ links: [1, 1] })
    // The device's own view stands, none of its links does.
    const lines = changed({ kind: 'anonymous', id: 'phone', field: 'total' })
    expect(amiss(lines)).toEqual({ visitors: [1, 0], links: [0, 1] })
  })

  it('finds what counts twice', () => {
    const total = { field: 'total' }
    expect(amiss(changed({ kind: 'user', part: 'count/identify', ...total }, { amount: 3 }))).toEqual({
      visitors: [0, 1],
    })
    expect(amiss(changed({ id: 'pot', part: 'count/Order Completed', ...total }, { amount: 2 }))).toEqual({
      items: [0, 1],
    })
    expect(amiss(changed({ id: 'pot', part: 'count/units', ...total }, { amount: 4 }))).toEqual({ units: [0, 2] })
    expect(amiss([...state, tally('hour', '14:00', ['Product Viewed', 'cup', 1])])).toEqual({ trends: [0, 1] })
    // A register is the same after the second time; how often the device was written tells.
    expect(
      amiss(state.map((line) => ('sequence' in line && line.kind === 'anonymous' ? { ...line, sequence: 4 } : line))),
    ).toEqual({
      links: [0, 1],
    })
    expect(amiss([...state, ...link('user', 'bob', ['phone', 'm3', 'm5'])])).toEqual({ links: [0, 2] })
  })

  it('does not set what one entity lacks off against what another has twice', () => {
    const cupLess = changed({ kind: 'item', id: 'cup', part: 'count/Product Viewed', field: 'total' }, { amount: 1 })
    expect(amiss([...cupLess, ...count('item', 'pot', 'Product Viewed', 1)])).toEqual({ items: [1, 1] })
  })

  it('names the places', () => {
    const lines = changed({ id: 'pot', part: 'count/units', field: 'total' }, { amount: 5 })
    const standing = standingEffects(lines.map((line) => JSON.stringify(line)))
    expect(listDifferences(expectedEffects(events), standing)).toEqual([
      'units: item | pot | count/units: 5 instead of 2',
    ])
  })

  it('refuses events whose effects it does not know', () => {
    expect(() => expectedEffects([event('m6', { userId: 'ada', event: 'Something Else' })])).toThrow('Something Else')
  })
})
