import type { EntityState, JsonValue } from '@rapport/online-store'
import { isBehaviourEvent, parts, type BehaviourEvent } from './layout.ts'
import type { Feature } from './feature-name.ts'
import type { Members } from './members.ts'
import { recentByEvent } from './online-behaviour-reader.ts'
import { countOf, mergeFields } from './registers.ts'
import { countInWindow, decayedCount, halfLifeMs, newestBucketMs, type Window } from './windows.ts'

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

/** A feature's value over all members of an entity, as of a time. */
export function featureValue(feature: Feature, members: Members, asOfMs: number): TimedValue {
  const states = members.map(({ state }) => state)
  const counter = counterOf(feature)
  if (counter !== undefined) return counted(states, counter, asOfMs)
  if (feature.kind === 'popularity') return popularity(states, feature, asOfMs)
  if (feature.kind === 'recent') return recent(members, feature.event, asOfMs)
  if (feature.kind === 'trait') return registerValue(states, parts.traits, { field: feature.name, asOfMs })
  if (feature.kind === 'firstSeen') return timeOf(mergeFields(states, parts.firstSeen, -1).get('at')?.atMs, asOfMs)
  if (feature.kind === 'last') return timeOf(mergeFields(states, parts.seen).get(feature.event)?.atMs, asOfMs)
  return timeOf(lastSeenMs(states, asOfMs), asOfMs)
}

/** The newest event of any name that is not after `asOfMs`. */
export function lastSeenMs(states: readonly EntityState[], asOfMs: number): number | undefined {
  let newest: number | undefined
  for (const { atMs } of mergeFields(states, parts.seen).values()) {
    if (atMs <= asOfMs && (newest === undefined || atMs > newest)) newest = atMs
  }
  return newest
}

/** The sum of a counter in a window over several entities; zero for entities without it. */
export function sumInWindow(
  states: readonly EntityState[],
  part: string,
  options: { window: Window; asOfMs: number },
): number | undefined {
  let sum = 0
  for (const state of states) {
    const count = countOf(state, part)
    const amount = count === undefined ? 0 : countInWindow(count, options.window, options.asOfMs)
    if (amount === undefined) return undefined
    sum += amount
  }
  return sum
}

function counted(states: readonly EntityState[], { part, window, event }: Counter, asOfMs: number): TimedValue {
  const value = sumInWindow(states, part, { window, asOfMs })
  const seen = mergeFields(states, parts.seen).get(event)?.atMs
  if (seen !== undefined && seen <= asOfMs) return { value, eventMs: seen }
  const buckets = states.map((state) => {
    const count = countOf(state, part)
    return count === undefined ? -1 : (newestBucketMs(count, asOfMs) ?? -1)
  })
  const newest = Math.max(-1, ...buckets)
  return { value, eventMs: newest < 0 ? undefined : newest }
}

function popularity(
  states: readonly EntityState[],
  feature: Extract<Feature, { kind: 'popularity' }>,
  asOfMs: number,
): TimedValue {
  const halfLife = halfLifeMs(feature.halfLife)
  const events = feature.event === undefined ? weighted : [[feature.event, 1] as const]
  let value = 0
  let eventMs: number | undefined
  for (const [event, weight] of events) {
    for (const state of states) {
      const count = countOf(state, parts.count(event))
      if (count === undefined) continue
      value += weight * decayedCount(count, halfLife, asOfMs)
      const newest = newestBucketMs(count, asOfMs)
      if (newest !== undefined && newest > (eventMs ?? -1)) eventMs = newest
    }
  }
  return { value, eventMs }
}

function recent(members: Members, event: string, asOfMs: number): TimedValue {
  const items = recentByEvent(members, asOfMs).get(event) ?? []
  return { value: items.map(({ itemId }) => itemId), eventMs: items[0]?.atMs }
}

function registerValue(
  states: readonly EntityState[],
  part: string,
  options: { field: string; asOfMs: number },
): TimedValue {
  const register = mergeFields(states, part).get(options.field)
  if (register === undefined || register.value === null || register.atMs > options.asOfMs) {
    return { value: undefined, eventMs: undefined }
  }
  return { value: register.value, eventMs: register.atMs }
}

const timeOf = (atMs: number | undefined, asOfMs: number): TimedValue =>
  atMs === undefined || atMs > asOfMs
    ? { value: undefined, eventMs: undefined }
    : { value: new Date(atMs).toISOString(), eventMs: atMs }
