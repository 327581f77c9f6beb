import type { UserProfile } from '@rapport/contracts'
import {
  currencyOfRefunds,
  currencyOfRevenue,
  eventOfCount,
  lastSeenMs,
  mergeFields,
  parts,
  readMembers,
  recentByEvent,
  sumInWindow,
  windows,
  type Members,
  type VisitorRef,
} from '@rapport/features'
import type { EntityState, OnlineStore } from '@rapport/online-store'

type WindowAmounts = UserProfile['orders']

/** A visitor's profile over all linked ids, as of a time; undefined when none of the ids is known. */
export async function readProfile(
  store: OnlineStore,
  visitor: VisitorRef,
  asOfMs: number,
): Promise<UserProfile | undefined> {
  const [members = []] = await readMembers(store, [visitor], 'all')
  const states = members.map(({ state }) => state)
  if (!states.some(({ sequence }) => sequence > 0)) return undefined
  const counts = amountsBy(states, eventOfCount, asOfMs)
  return {
    ...identityOf(members),
    asOf: new Date(asOfMs).toISOString(),
    traits: traitsOf(states, asOfMs),
    ...timesOf(states, asOfMs),
    orders: amountsOf(states, parts.orders, asOfMs),
    revenue: amountsBy(states, currencyOfRevenue, asOfMs),
    refunds: amountsBy(states, currencyOfRefunds, asOfMs),
    counts,
    recent: recentOf(members, asOfMs),
  }
}

function identityOf(members: Members): Pick<UserProfile, 'userId' | 'anonymousIds'> {
  const user = members.find(({ entity }) => entity.kind === 'user')
  const anonymousIds = members.filter(({ entity }) => entity.kind === 'anonymous').map(({ entity }) => entity.id)
  return user === undefined ? { anonymousIds } : { userId: user.entity.id, anonymousIds }
}

function traitsOf(states: readonly EntityState[], asOfMs: number): Record<string, unknown> {
  const set = [...mergeFields(states, parts.traits)].filter(([, { value, atMs }]) => value !== null && atMs <= asOfMs)
  return Object.fromEntries(set.map(([name, { value }]) => [name, value]))
}

function timesOf(states: readonly EntityState[], asOfMs: number): Pick<UserProfile, 'firstSeen' | 'lastSeen'> {
  const first = mergeFields(states, parts.firstSeen, -1).get('at')?.atMs
  const last = lastSeenMs(states, asOfMs)
  return {
    ...(first === undefined || first > asOfMs ? {} : { firstSeen: new Date(first).toISOString() }),
    ...(last === undefined ? {} : { lastSeen: new Date(last).toISOString() }),
  }
}

/** Window sums of every counter that `nameOf` has a name for. */
function amountsBy(
  states: readonly EntityState[],
  nameOf: (part: string) => string | undefined,
  asOfMs: number,
): Record<string, WindowAmounts> {
  const partByName = new Map<string, string>()
  for (const part of states.flatMap((state) => [...state.parts.keys()]).sort()) {
    const name = nameOf(part)
    if (name !== undefined) partByName.set(name, part)
  }
  return Object.fromEntries([...partByName].map(([name, part]) => [name, amountsOf(states, part, asOfMs)]))
}

function amountsOf(states: readonly EntityState[], part: string, asOfMs: number): WindowAmounts {
  const [hour, day, week, month, all] = windows.map((window) => sumInWindow(states, part, { window, asOfMs }) ?? null)
  return { '1h': hour ?? null, '24h': day ?? null, '7d': week ?? null, '30d': month ?? null, all: all ?? null }
}

function recentOf(members: Members, asOfMs: number): UserProfile['recent'] {
  const recent = [...recentByEvent(members, asOfMs)].map(([event, items]): [string, UserProfile['recent'][string]] => [
    event,
    items.map(({ itemId, atMs }) => ({ itemId, at: new Date(atMs).toISOString() })),
  ])
  return Object.fromEntries(recent)
}
