import { CounterSource, newestBucketOf } from './counter-source.ts'
import { isBehaviourEvent, parts, type BehaviourEvent } from './layout.ts'
import type { EntityReading } from './entity-reading.ts'
import { noValue, type FeatureFormula, type TimedValue } from './feature-formula.ts'
import type { Feature } from './feature-name.ts'
import { isTextFeature, partsOfText, toTextFormula } from './text-values.ts'
import { halfLifeMs, sumInWindow, type Window } from './windows.ts'

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
  if (isTextFeature(feature)) return partsOfText(feature)
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

/** What the features' names say is worked out once, for all entities of a request. */
export function toFormulas(features: readonly Feature[]): readonly FeatureFormula[] {
  const sources = new Map<string, CounterSource>()
  const sourceOf = (part: string, event = ''): CounterSource => {
    const source = sources.get(part) ?? new CounterSource(part, event)
    sources.set(part, source)
    return source
  }
  return features.map((feature) => toFormula(feature, sourceOf))
}

function toFormula(feature: Feature, sourceOf: (part: string, event?: string) => CounterSource): FeatureFormula {
  if (isTextFeature(feature)) return toTextFormula(feature, sourceOf)
  const counter = counterOf(feature)
  if (counter !== undefined) return countedIn(sourceOf(counter.part, counter.event), counter.window)
  if (feature.kind === 'popularity') {
    const events = feature.event === undefined ? weighted : [[feature.event, 1] as const]
    const counters = events.map(([event, weight]) => ({ source: sourceOf(parts.count(event), event), weight }))
    return popularityOf(counters, halfLifeMs(feature.halfLife))
  }
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

const countedIn =
  (source: CounterSource, window: Window): FeatureFormula =>
  (reading) => ({ value: sumInWindow(source.countsOf(reading), window), eventMs: source.eventMsOf(reading) })

interface WeightedCounter {
  readonly source: CounterSource
  readonly weight: number
}

const popularityOf =
  (counters: readonly WeightedCounter[], halfLife: number): FeatureFormula =>
  (reading) => {
    let value = 0
    let eventMs: number | undefined
    for (const { source, weight } of counters) {
      const counts = source.countsOf(reading)
      for (const count of counts) value += weight * count.decayed(halfLife)
      const newest = newestBucketOf(counts)
      if (newest !== undefined && newest > (eventMs ?? -1)) eventMs = newest
    }
    return { value, eventMs }
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

const timeOf = ({ asOfMs, times }: EntityReading, atMs: number | undefined): TimedValue =>
  atMs === undefined || atMs > asOfMs ? noValue : { value: times.textOf(atMs), eventMs: atMs }
