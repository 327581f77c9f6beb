import type { VisitorBehaviour } from '@rapport/features'
import { bought, viewed } from './behaviour-events.ts'

/** One item of a visitor's history, with all that the visitor did to it folded into one strength. */
export interface HistoryItem {
  readonly itemId: string
  /** The strongest thing the visitor did to it; undefined for an item of the running session. */
  readonly event: string | undefined
  readonly weight: number
}

export interface VisitorHistory {
  /** Newest first. */
  readonly items: readonly HistoryItem[]
  /** Everything the visitor has dealt with, however long ago; bought items among them. */
  readonly seen: ReadonlySet<string>
  readonly bought: ReadonlySet<string>
  /** Reviewed badly, or spoken of badly: neither shown nor taken for taste, whatever else the visitor did to them. */
  readonly disliked: ReadonlySet<string>
}

export interface HistoryOptions {
  /** Interaction strength by event; events without one say nothing about taste. */
  readonly eventWeights: ReadonlyMap<string, number>
  /** An entry this much older than the newest counts half. No decay when absent. */
  readonly halfLifeMs?: number | undefined
  /** At most this many of the newest (event, item) pairs are folded in. */
  readonly maxEvents: number
  /** Items of the running session, oldest first: newer than all behaviour, and viewed. */
  readonly sessionItemIds?: readonly string[] | undefined
}

interface Act {
  readonly itemId: string
  readonly event: string | undefined
  readonly atMs: number
  readonly weight: number
}

/**
 * What recommendation needs of a visitor's behaviour. Each event kind counts once for an item, by its weight, halved for
 * each half-life that it is older than the newest act; the strengths of one item's kinds add up.
 */
export function toHistory(behaviour: VisitorBehaviour | undefined, options: HistoryOptions): VisitorHistory {
  const known = knownItems(behaviour, options)
  const acts = [...sessionActs(options), ...newestActs(behaviour, options)]
    .filter(({ itemId }) => !known.disliked.has(itemId))
    .slice(0, options.maxEvents)
  const newestMs = acts.find(({ atMs }) => atMs !== Number.POSITIVE_INFINITY)?.atMs ?? 0
  const items = new Map<string, { itemId: string; event: string | undefined; weight: number; strongest: number }>()
  for (const act of acts) {
    const weight = act.weight * decay(newestMs - act.atMs, options.halfLifeMs)
    const item = items.get(act.itemId)
    if (item === undefined) {
      items.set(act.itemId, { itemId: act.itemId, event: act.event, weight, strongest: act.weight })
      continue
    }
    item.weight += weight
    if (act.weight > item.strongest || item.event === undefined) {
      item.event = act.event
      item.strongest = act.weight
    }
  }
  return {
    items: Array.from(items.values(), ({ itemId, event, weight }) => ({ itemId, event, weight })),
    ...known,
  }
}

function sessionActs({ sessionItemIds = [], eventWeights }: HistoryOptions): Act[] {
  const weight = eventWeights.get(viewed) ?? 1
  return [...new Set(sessionItemIds.toReversed())].map((itemId) => ({
    itemId,
    event: undefined,
    atMs: Number.POSITIVE_INFINITY,
    weight,
  }))
}

function newestActs(behaviour: VisitorBehaviour | undefined, { eventWeights, maxEvents }: HistoryOptions): Act[] {
  const acts: Act[] = []
  for (const [event, items] of behaviour?.recentByEvent ?? []) {
    const weight = eventWeights.get(event) ?? 0
    if (weight <= 0) continue
    for (const { itemId, atMs } of items.slice(0, maxEvents)) acts.push({ itemId, event, atMs, weight })
  }
  return acts.sort((a, b) => b.atMs - a.atMs)
}

const decay = (ageMs: number, halfLifeMs: number | undefined): number =>
  halfLifeMs === undefined ? 1 : 2 ** (-Math.max(0, ageMs) / halfLifeMs)

function knownItems(
  behaviour: VisitorBehaviour | undefined,
  { sessionItemIds = [] }: HistoryOptions,
): Pick<VisitorHistory, 'seen' | 'bought' | 'disliked'> {
  const disliked = new Set(behaviour?.displeasing)
  const seen = new Set(sessionItemIds)
  const boughtIds = new Set<string>()
  for (const [event, items] of behaviour?.recentByEvent ?? []) {
    for (const { itemId, disliked: isDisliked } of items) {
      seen.add(itemId)
      if (isDisliked === true) disliked.add(itemId)
      if (event === bought) boughtIds.add(itemId)
    }
  }
  return { seen, bought: boughtIds, disliked }
}
