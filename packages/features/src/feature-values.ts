import type { JsonValue } from '@rapport/online-store'
import { isBehaviourEvent, parts, type BehaviourEvent } from './layout.ts'
import type { EntityReading } from './entity-reading.ts'
import type { Feature } from './feature-name.ts'
import { halfLifeMs, type Window } from './windows.ts'

/** A value with the time of the newest event behind it. Undefined value: it cannot be told, or there is none. */
export interface TimedValue {
  readonly value: JsonValue | undefined
  readonly eventMs: number | undefined
}

/** What each behaviour event weighs in an item's popularity when no event is named. */
export const popularityWeights: Readonly<Record<BehaviourEvent, number>> = {
  'Product Viewed': 1,
  'Product Clicked': 1,
  'Product Added': 3,
  'Product Removed': 0,
  'Product Added to Wishlist': 2,
  'Order Completed': 5,
  'Order Refunded': 0,
  'Product Reviewed': 2,
}

interface Counter {
  readonly part: string
  readonly window: Window
  /** The event that the counter counts or sums. */
  readonly event: string
}

/** The counter behind a feature; undefined for features that are no count or sum in a window. */
function counterOf(feature: Feature): Counter | undefined {
  const { kind } = feature
  if (kind === 'count') return { ...feature, part: parts.count(feature.event) }
  if (kind === 'orders' || kind === 'units') {
    return { part: parts[kind], window: feature.window, event: 'Order Completed' }
  }
  if (kind === 'revenue' || kind === 'refunds') {
    const event = kind === 'revenue' ? 'Order Completed' : 'Order Refunded'
    return { part: parts[kind](feature.currency), window: feature.window, event }
  }
  return undefined
}

/** The parts that a feature is made of. */
export function partsOf(feature: Feature): readonly string[] {
  const counter = counterOf(feature)
  if (counter !== undefined) return [counter.part, parts.seen]
  if (feature.kind === 'popularity') {
    return feature.event === undefined ? weighted.map(([event]) => parts.count(event)) : [parts.count(feature.event)]
  }
  if (feature.kind === 'recent')
    return [isBehaviourEvent(feature.event) ? parts.recent(feature.event) : parts.recentOther]
  if (feature.kind === 'trait') return [parts.traits]
  return [feature.kind === 'firstSeen' ? parts.firstSeen : parts.seen]
}

const weighted = Object.entries(popularityWeights)
  .filter(([, weight]) => weight > 0)
  .map(([event, weight]): readonly [BehaviourEvent, number] => [event as BehaviourEvent, weight])

/** Tells one feature of any entity. */
export type FeatureFormula = (reading: EntityReading) => TimedValue

/** What a feature's name says is worked out once, for all entities of a request. */
export function toFormula(feature: Feature): FeatureFormula {
  const counter = counterOf(feature)
  if (counter !== undefined) return (reading) => counted(reading, counter)
  if (feature.kind === 'popularity') return popularityOf(feature)
  if (feature.kind === 'recent') return (reading) => recent(reading, feature.event)
  if (feature.kind === 'trait') return (reading) => trait(reading, feature.name)
  if (feature.kind === 'firstSeen') return (reading) => timeOf(reading, reading.fields(parts.firstSeen).get('at')?.atMs)
  if (feature.kind === 'last') return (reading) => timeOf(reading, reading.fields(parts.seen).get(feature.event)?.atMs)
  return (reading) => timeOf(reading, lastSeenMs(reading))
}

/** The newest event of any name that is not after the reading's time. */
export function lastSeenMs(reading: EntityReading): number | undefined {
  let newest: number | undefined
  for (const { atMs } of reading.fields(parts.seen).values()) {
    if (atMs <= reading.asOfMs && (newest === undefined || atMs > newest)) newest = atMs
  }
  return newest
}

/** The sum of a counter in a window over all members; members without it count nothing. */
export function sumInWindow(reading: EntityReading, part: string, window: Window): number | undefined {
  let sum = 0
  for (const count of reading.counts(part)) {
    const amount = count.inWindow(window)
    if (amount === undefined) return undefined
    sum += amount
  }
  return sum
}

function counted(reading: EntityReading, { part, window, event }: Counter): TimedValue {
  const value = sumInWindow(reading, part, window)
  const seen = reading.fields(parts.seen).get(event)?.atMs
  if (seen !== undefined && seen <= reading.asOfMs) return { value, eventMs: seen }
  return { value, eventMs: newestBucketOf(reading, part) }
}

function newestBucketOf(reading: EntityReading, part: string): number | undefined {
  let newest: number | undefined
  for (const { newestBucketMs } of reading.counts(part)) {
    if (newestBucketMs !== undefined && newestBucketMs > (newest ?? -1)) newest = newestBucketMs
  }
  return newest
}

function popularityOf(feature: Extract<Feature, { kind: 'popularity' }>): FeatureFormula {
  const halfLife = halfLifeMs(feature.halfLife)
  const events = feature.event === undefined ? weighted : [[feature.event, 1] as const]
  const counters = events.map(([event, weight]) => ({ part: parts.count(event), weight }))
  return (reading) => {
    let value = 0
    let eventMs: number | undefined
    for (const { part, weight } of counters) {
      for (const count of reading.counts(part)) value += weight * count.decayed(halfLife)
      const newest = newestBucketOf(reading, part)
      if (newest !== undefined && newest > (eventMs ?? -1)) eventMs = newest
    }
    return { value, eventMs }
  }
}

function recent(reading: EntityReading, event: string): TimedValue {
  const items = reading.recentItems(event)
  return { value: items.map(({ itemId }) => itemId), eventMs: items[0]?.atMs }
}

function trait(reading: EntityReading, name: string): TimedValue {
  const register = reading.fields(parts.traits).get(name)
  if (register === undefined || register.value === null || register.atMs > reading.asOfMs) return noValue
  return { value: register.value, eventMs: register.atMs }
}

const noValue: TimedValue = { value: undefined, eventMs: undefined }

const timeOf = ({ asOfMs, times }: EntityReading, atMs: number | undefined): TimedValue =>
  atMs === undefined || atMs > asOfMs ? noValue : { value: times.textOf(atMs), eventMs: atMs }
