import { operatorTenant, topics, type Event } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import { readArchive, type ObjectStore } from '@rapport/object-store'
import { compareEffects, expectedEffects, listDifferences, standingEffects } from './effects.ts'
import type { EffectKind, EffectTally } from './effects.ts'
import type { Installation } from './installation.ts'
import type { Ledger } from './ledger.ts'

/** How what was promised compares with what stands. */
export interface Balance {
  /** Events with a 2xx. */
  readonly acknowledged: number
  /** Different events in the topic. */
  readonly stored: number
  /** Records of the topic beyond the first of an event: clients sent again what had been taken. */
  readonly storedAgain: number
  /** Different events in the archive. */
  readonly archived: number
  readonly deadLettered: number
  /** Acknowledged and not in the topic. */
  readonly lost: number
  /** In the topic and not in the archive. */
  readonly unarchived: number
  /** What the events in the topic must have done against what the online state says, by kind of entity. */
  readonly effects: Readonly<Record<EffectKind, EffectTally>>
  /** The first places where the two differ. */
  readonly differences: readonly string[]
}

const allOnce = { unapplied: 0, appliedTwice: 0 }

/** What must hold of every balance where only sound events were sent. */
export const nothingAmiss = {
  lost: 0,
  unarchived: 0,
  deadLettered: 0,
  differences: [],
  effects: {
    visitors: allOnce,
    items: allOnce,
    units: allOnce,
    revenue: allOnce,
    trends: allOnce,
    links: allOnce,
    clock: allOnce,
  },
} as const

/** What is wrong with a balance, as one number. */
export function amissIn({ lost, unarchived, deadLettered, effects }: Balance): number {
  const effectsAmiss = Object.values(effects).map(({ unapplied, appliedTwice }) => unapplied + appliedTwice)
  return [lost, unarchived, deadLettered, ...effectsAmiss].reduce((sum, count) => sum + count, 0)
}

/** What of an installation the balance is taken of, however it runs. */
export type Balanced = Pick<Installation, 'url' | 'key' | 'client' | 'connect' | 'caughtUp'>

/** Waits until everything is applied and archived, then counts. */
export async function takeBalance(installation: Balanced, ledger: Ledger): Promise<Balance> {
  const acknowledged = new Set((await ledger.entries()).map(({ messageId }) => messageId))
  await installation.caughtUp()
  await installation.client.state.flushArchive()
  await using drivers = await installation.connect()
  const stored = await readTopic(drivers.eventLog)
  const archived = await readArchived(drivers.objectStore)
  const expected = expectedEffects(stored.events.values())
  const standing = standingEffects(await readState(installation))
  return {
    acknowledged: acknowledged.size,
    stored: stored.events.size,
    storedAgain: stored.records - stored.events.size,
    archived: archived.size,
    deadLettered: await countRecords(drivers.eventLog, topics.eventsDeadLetters.name),
    lost: acknowledged.difference(stored.events).size,
    unarchived: new Set(stored.events.keys()).difference(archived).size,
    effects: compareEffects(expected, standing),
    differences: listDifferences(expected, standing),
  }
}

/** More than one answer of a broker holds: what is left of an answer would be fetched again. */
const pageRecords = 100_000

/** The events in the topic, by messageId; of those that came again the first, since that is the one that takes effect. */
async function readTopic(eventLog: EventLog): Promise<{ events: Map<string, Event>; records: number }> {
  const events = new Map<string, Event>()
  let records = 0
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topics.events.name)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic: topics.events.name, partition, offset }, pageRecords)
      for (const { value } of page) {
        const event = parse(value)
        if (event === undefined) continue
        records += 1
        if (!events.has(event.messageId)) events.set(event.messageId, event)
      }
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return { events, records }
}

/** Undefined for what is no event, which a test may have put there. */
function parse(value: Uint8Array | null): Event | undefined {
  try {
    const event = JSON.parse(Buffer.from(value ?? []).toString('utf8')) as Partial<Event> | null
    return typeof event?.messageId === 'string' && typeof event.tenant === 'string' ? (event as Event) : undefined
  } catch {
    return undefined
  }
}

async function readArchived(objectStore: ObjectStore): Promise<Set<string>> {
  const archived = new Set<string>()
  for await (const { value } of readArchive(objectStore, operatorTenant, topics.events.name)) {
    const { messageId } = value as { messageId?: unknown }
    if (typeof messageId === 'string') archived.add(messageId)
  }
  return archived
}

/** The state as it is exported: a line for each field, in one order. */
export async function readState({ url, key }: Pick<Installation, 'url' | 'key'>): Promise<string[]> {
  const answer = await fetch(`${url}/v1/state/export`, { headers: { authorization: `Bearer ${key}` } })
  if (!answer.ok) throw new Error(`the state could not be exported: ${answer.status}`)
  return (await answer.text()).split('\n').filter((line) => line !== '')
}

async function countRecords(eventLog: EventLog, topic: string): Promise<number> {
  const extents = await eventLog.extents(topic)
  return extents.reduce((sum, { firstOffset, nextOffset }) => sum + nextOffset - firstOffset, 0)
}
