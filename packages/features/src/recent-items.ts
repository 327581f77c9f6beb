import type { Member } from '@rapport/online-store'
import type { RecentItem } from './behaviour-reader.ts'
import { behaviourEvents, dislikedValue, limits, parts } from './layout.ts'
import type { Members } from './members.ts'
import { compareMoments, membersOf } from './registers.ts'

/** Name under which the tallies of all custom events stand together. */
export const otherEvents = 'other'

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
