import { operatorTenant, topics, type Event } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import { readArchive, type ObjectStore } from '@rapport/object-store'
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
  /** Effects on users. */
  readonly applied: number
  readonly deadLettered: number
  /** Acknowledged and not in the topic. */
  readonly lost: number
  /** In the topic and not in the archive. */
  readonly unarchived: number
  /** In the topic and without their effect. */
  readonly unapplied: number
  /** Effects beyond the first of an event. */
  readonly appliedTwice: number
}

/** What must hold of every balance where only sound events were sent. */
export const nothingAmiss: Partial<Balance> = { lost: 0, unarchived: 0, unapplied: 0, appliedTwice: 0, deadLettered: 0 }

/** Waits until everything is applied and archived, then counts. */
export async function takeBalance(installation: Installation, ledger: Ledger): Promise<Balance> {
  const acknowledged = new Set((await ledger.entries()).map(({ messageId }) => messageId))
  await installation.caughtUp()
  await installation.client.state.flushArchive()
  await using drivers = await installation.connect()
  const stored = await readTopic(drivers.eventLog)
  const archived = await readArchived(drivers.objectStore)
  const effects = await readEffects(installation)
  const expected = new Map<string, number>()
  for (const user of stored.users.values()) expected.set(user, (expected.get(user) ?? 0) + 1)
  const users = new Set([...expected.keys(), ...effects.keys()])
  let unapplied = 0
  let appliedTwice = 0
  for (const user of users) {
    const difference = (effects.get(user) ?? 0) - (expected.get(user) ?? 0)
    unapplied += Math.max(0, -difference)
    appliedTwice += Math.max(0, difference)
  }
  return {
    acknowledged: acknowledged.size,
    stored: stored.users.size,
    storedAgain: stored.records - stored.users.size,
    archived: archived.size,
    applied: effects.values().reduce((sum, count) => sum + count, 0),
    deadLettered: await countRecords(drivers.eventLog, topics.eventsDeadLetters.name),
    lost: acknowledged.difference(stored.users).size,
    unarchived: new Set(stored.users.keys()).difference(archived).size,
    unapplied,
    appliedTwice,
  }
}

/** More than one answer of a broker holds: what is left of an answer would be fetched again. */
const pageRecords = 100_000

/** The users of the events in the topic, by messageId. */
async function readTopic(eventLog: EventLog): Promise<{ users: Map<string, string>; records: number }> {
  const users = new Map<string, string>()
  let records = 0
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topics.events.name)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const page = await eventLog.read({ topic: topics.events.name, partition, offset }, pageRecords)
      for (const { value } of page) {
        const event = parse(value)
        if (event === undefined) continue
        records += 1
        users.set(event.messageId, event.userId ?? '')
      }
      offset = (page.at(-1)?.offset ?? nextOffset) + 1
    }
  }
  return { users, records }
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

/** Counted effects by user: the state's own totals. */
async function readEffects(installation: Installation): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const line of await readState(installation)) {
    const { kind, id, part, field, amount } = JSON.parse(line) as Record<string, unknown>
    if (kind !== 'user' || part !== 'count/Product Viewed' || field !== 'total') continue
    counts.set(String(id), Number(amount))
  }
  return counts
}

async function countRecords(eventLog: EventLog, topic: string): Promise<number> {
  const extents = await eventLog.extents(topic)
  return extents.reduce((sum, { firstOffset, nextOffset }) => sum + nextOffset - firstOffset, 0)
}
