import type { Member, OnlineStore } from '@rapport/online-store'
import type { BehaviourReader, RecentItem, TrendBucket, TrendUnitSpan, VisitorBehaviour } from './behaviour-reader.ts'
import {
  behaviourEvents,
  dislikedValue,
  entities,
  limits,
  parts,
  recentParts,
  trendStartMs,
  trendWidth,
} from './layout.ts'
import { readMembers, type Members } from './members.ts'
import { compareMoments, fieldsOf, membersOf } from './registers.ts'

const trendParts: readonly string[] = [...behaviourEvents.map((event) => parts.trend(event)), parts.trendOther]
/** Name under which the tallies of all custom events stand together. */
export const otherEvents = 'other'

/** The reader of behaviour state over an online store. Keeps nothing between calls. */
export function createBehaviourReader(store: OnlineStore): BehaviourReader {
  return {
    async readVisitor(visitor, options = {}) {
      const [members = []] = await readMembers(store, [visitor], recentParts)
      return toBehaviour(members, options.asOfMs)
    },
    async readStamp(visitor) {
      const [members = []] = await readMembers(store, [visitor], [])
      return stampOf(members)
    },
    readTrend: (tenant, span) => readTrend(store, tenant, span),
    async readClock(tenant) {
      const [state] = await store.read([{ entity: entities.clock(tenant), parts: [parts.clock] }])
      const newest = state === undefined ? undefined : fieldsOf(state, parts.clock).get('newestEvent')
      return state === undefined || newest === undefined
        ? undefined
        : { newestEventMs: newest.atMs, sequence: state.sequence }
    },
  }
}

function toBehaviour(members: Members, asOfMs: number | undefined): VisitorBehaviour {
  return {
    members: members.map(({ entity }) => entity),
    stamp: stampOf(members),
    recentByEvent: recentByEvent(members, asOfMs),
  }
}

const stampOf = (members: Members): string =>
  members.map(({ entity, state }) => `${entity.kind}:${entity.id}:${state.sequence}`).join('|')

/** The newest items by event name over all members; custom events stand under their own names. */
export function recentByEvent(
  members: Members,
  asOfMs: number | undefined,
): ReadonlyMap<string, readonly RecentItem[]> {
  const recent = new Map<string, readonly RecentItem[]>()
  for (const event of behaviourEvents) {
    const keep = event === 'Order Completed' ? limits.orderedItems : limits.recentItems
    const items = mergeNewest(members, parts.recent(event), asOfMs).slice(0, keep)
    if (items.length > 0) recent.set(event, items.map(toRecentItem))
  }
  const others = mergeNewest(members, parts.recentOther, asOfMs).slice(0, limits.recentItems)
  const byName = Map.groupBy(others, ({ value }) => (typeof value === 'string' ? value : otherEvents))
  for (const [name, items] of byName)
    recent.set(
      name,
      items.map(({ member, atMs }) => ({ itemId: member, atMs })),
    )
  return recent
}

const toRecentItem = ({ member, atMs, value }: Member): RecentItem =>
  value === dislikedValue ? { itemId: member, atMs, disliked: true } : { itemId: member, atMs }

/** The newest entry of each member over several entities, newest first. */
export function mergeNewest(members: Members, part: string, asOfMs: number | undefined): readonly Member[] {
  const [first, ...others] = members.map(({ state }) => membersOf(state, part)).filter((items) => items.length > 0)
  if (first === undefined) return []
  let merged = first
  if (others.length > 0) {
    const newest = new Map(first.map((item) => [item.member, item]))
    for (const item of others.flat()) {
      const standing = newest.get(item.member)
      if (standing === undefined || compareMoments(item, standing) > 0) newest.set(item.member, item)
    }
    merged = [...newest.values()].sort((a, b) => compareMoments(b, a) || (a.member < b.member ? 1 : -1))
  }
  return asOfMs === undefined ? merged : merged.filter(({ atMs }) => atMs <= asOfMs)
}

async function readTrend(store: OnlineStore, tenant: string, span: TrendUnitSpan): Promise<readonly TrendBucket[]> {
  const starts: number[] = []
  const lastMs = trendStartMs(span.unit, span.toMs)
  for (let at = trendStartMs(span.unit, span.fromMs); at <= lastMs; at += trendWidth(span.unit)) starts.push(at)
  const states = await store.read(
    starts.map((startMs) => ({ entity: entities.trend(tenant, span.unit, startMs), parts: trendParts })),
  )
  return starts.flatMap((startMs, index) => {
    const countsByEvent = new Map<string, ReadonlyMap<string, number>>()
    for (const [part, value] of states[index]?.parts ?? []) {
      if (value.op === 'tally' && value.fields.size > 0) countsByEvent.set(part.slice('tally/'.length), value.fields)
    }
    return countsByEvent.size === 0 ? [] : [{ startMs, countsByEvent }]
  })
}
