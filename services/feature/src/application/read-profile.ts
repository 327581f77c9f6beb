import type { UserProfile } from '@rapport/contracts'
import {
  currencyOfRefunds,
  currencyOfRevenue,
  EntityReading,
  eventOfCount,
  lastSeenMs,
  parts,
  readMembers,
  recentByEvent,
  sentimentOfCount,
  sumInWindow,
  textLabelOfCount,
  windows,
  writtenTexts,
  type Members,
  type VisitorRef,
} from '@rapport/features'
import type { OnlineStore } from '@rapport/online-store'

type WindowAmounts = UserProfile['orders']

/** A visitor's profile over all linked ids, as of a time; undefined when none of the ids is known. */
export async function readProfile(
  store: OnlineStore,
  visitor: VisitorRef,
  asOfMs: number,
): Promise<UserProfile | undefined> {
  const [members = []] = await readMembers(store, [visitor], 'all')
  const reading = new EntityReading(members, asOfMs)
  if (!reading.isKnown) return undefined
  return {
    ...identityOf(members),
    asOf: new Date(asOfMs).toISOString(),
    traits: traitsOf(reading),
    ...timesOf(reading),
    orders: amountsOf(reading, parts.orders),
    revenue: amountsBy(reading, members, currencyOfRevenue),
    refunds: amountsBy(reading, members, currencyOfRefunds),
    counts: amountsBy(reading, members, eventOfCount),
    sentiments: amountsBy(reading, members, sentimentOfCount),
    textLabels: amountsBy(reading, members, textLabelOfCount),
    texts: writtenTexts(reading).map(({ atMs, ...text }) => ({ ...text, at: new Date(atMs).toISOString() })),
    recent: recentOf(members, asOfMs),
  }
}

function identityOf(members: Members): Pick<UserProfile, 'userId' | 'anonymousIds'> {
  const user = members.find(({ entity }) => entity.kind === 'user')
  const anonymousIds = members.filter(({ entity }) => entity.kind === 'anonymous').map(({ entity }) => entity.id)
  return user === undefined ? { anonymousIds } : { userId: user.entity.id, anonymousIds }
}

function traitsOf(reading: EntityReading): Record<string, unknown> {
  const traits = [...reading.fields(parts.traits)]
  const set = traits.filter(([, { value, atMs }]) => value !== null && atMs <= reading.asOfMs)
  return Object.fromEntries(set.map(([name, { value }]) => [name, value]))
}

function timesOf(reading: EntityReading): Pick<UserProfile, 'firstSeen' | 'lastSeen'> {
  const first = reading.fields(parts.firstSeen).get('at')?.atMs
  const last = lastSeenMs(reading)
  return {
    ...(first === undefined || first > reading.asOfMs ? {} : { firstSeen: new Date(first).toISOString() }),
    ...(last === undefined ? {} : { lastSeen: new Date(last).toISOString() }),
  }
}

/** Window sums of every counter that `nameOf` has a name for. */
function amountsBy(
  reading: EntityReading,
  members: Members,
  nameOf: (part: string) => string | undefined,
): Record<string, WindowAmounts> {
  const partByName = new Map<string, string>()
  for (const part of members.flatMap(({ state }) => [...state.parts.keys()]).sort()) {
    const name = nameOf(part)
    if (name !== undefined) partByName.set(name, part)
  }
  return Object.fromEntries([...partByName].map(([name, part]) => [name, amountsOf(reading, part)]))
}

function amountsOf(reading: EntityReading, part: string): WindowAmounts {
  const counts = reading.counts(part)
  const [hour, day, week, month, all] = windows.map((window) => sumInWindow(counts, window) ?? null)
  return { '1h': hour ?? null, '24h': day ?? null, '7d': week ?? null, '30d': month ?? null, all: all ?? null }
}

function recentOf(members: Members, asOfMs: number): UserProfile['recent'] {
  const recent = [...recentByEvent(members, asOfMs)].map(([event, items]): [string, UserProfile['recent'][string]] => [
    event,
    items.map(({ itemId, atMs }) => ({ itemId, at: new Date(atMs).toISOString() })),
  ])
  return Object.fromEntries(recent)
}
