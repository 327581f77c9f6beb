import { ItemSchema, topics, type Item } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord } from '@rapport/messaging'
import { Compile } from 'typebox/compile'
import { fromItem, type ItemDocument } from '../domain/stored-item.ts'
import type { ItemStore } from './item-store.ts'

export interface RepairCatalogueDependencies {
  readonly items: ItemStore
  readonly eventLog: EventLog
  readonly log: Log
  /** When it aborts, a repair that cannot go on is given up. */
  readonly signal: AbortSignal
}

/**
 * Reads `rapport.items.v1` once and makes documents and topic agree: an item whose document is newer than its newest
 * record is published again (its publisher died between the two, or came late), and an item whose document is lost is restored.
 * Runs at the start of consuming; nothing waits for it.
 */
export async function repairCatalogue(dependencies: RepairCatalogueDependencies): Promise<void> {
  const { items, eventLog, log, signal } = dependencies
  const differing = new Map<string, { tenant: string; document: ItemDocument }>()
  let restored = 0
  const compare = async (records: readonly LogRecord[]): Promise<void> => {
    for (const [tenant, newest] of groupByTenant(records, log)) {
      const documents = await items.read(
        tenant,
        newest.map(({ id }) => id),
      )
      const lost = newest.filter((_, index) => documents[index] === undefined)
      if (lost.length > 0)
        await items.restore(
          tenant,
          lost.map((item) => ({ id: item.id, item: fromItem(item) })),
        )
      restored += lost.length
      for (const [index, item] of newest.entries()) {
        const document = documents[index]
        const key = `${tenant}/${item.id}`
        // A later record of the same item may be the one that agrees.
        if (document !== undefined && document.item.version > item.version) differing.set(key, { tenant, document })
        else differing.delete(key)
      }
    }
  }
  await readOnce(eventLog, compare, signal)
  for (const { tenant, document } of differing.values()) await items.settle(tenant, [document])
  if (restored + differing.size > 0) {
    log.info({ restored, republished: differing.size }, 'the catalogue and its topic were made to agree')
  }
}

/** Hands every record of the topic over; a rejection is tried again until the signal aborts. */
async function readOnce(
  eventLog: EventLog,
  compare: (records: readonly LogRecord[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let isFailing = false
  let follower: Follower | undefined
  // Not awaited: it ends when the records in hand have been given back, which may be the caller's own turn.
  const giveUp = (): void => {
    if (isFailing) void follower?.[Symbol.asyncDispose]()
  }
  follower = await eventLog.follow(topics.items.name, async (records) => {
    try {
      await compare(records)
      isFailing = false
    } catch (error) {
      isFailing = true
      if (signal.aborted) giveUp()
      throw error
    }
  })
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  try {
    await follower.caughtUp
  } finally {
    signal.removeEventListener('abort', giveUp)
    await follower[Symbol.asyncDispose]()
  }
}

const schema = Compile(ItemSchema)

/** The last record of each item in a run of records; tombstones have no item. */
function groupByTenant(records: readonly LogRecord[], log: Log): Map<string, Item[]> {
  const newest = new Map<string, Item>()
  for (const { key, value, partition, offset } of records) {
    if (value === null) continue
    const item = readItem(value)
    if (item === undefined) log.warn({ key, partition, offset }, 'a record of the catalogue is no item; left out')
    else newest.set(key, item)
  }
  const byTenant = new Map<string, Item[]>()
  for (const item of newest.values()) {
    const items = byTenant.get(item.tenant) ?? []
    items.push(item)
    byTenant.set(item.tenant, items)
  }
  return byTenant
}

function readItem(value: Uint8Array): Item | undefined {
  try {
    const item: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    return schema.Check(item) ? item : undefined
  } catch {
    // Not JSON, hence nobody's item.
    return undefined
  }
}
