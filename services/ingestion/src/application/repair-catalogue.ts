import { topics, type Item } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, LogRecord } from '@rapport/messaging'
import { fromItem, type ItemDocument } from '../domain/stored-item.ts'
import type { ItemStore } from './item-store.ts'

export interface RepairCatalogueDependencies {
  readonly items: ItemStore
  readonly eventLog: EventLog
  readonly log: Log
}

/**
 * Reads `rapport.items.v1` once and makes documents and topic agree: an item whose document is newer than its newest
 * record is published again (its publisher died between the two, or came late), and an item whose document is lost is restored.
 * Runs at the start of consuming; nothing waits for it.
 */
export async function repairCatalogue({ items, eventLog, log }: RepairCatalogueDependencies): Promise<void> {
  const differing = new Map<string, { tenant: string; document: ItemDocument }>()
  let restored = 0
  const follower = await eventLog.follow(topics.items.name, async (records) => {
    for (const [tenant, newest] of groupByTenant(records)) {
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
  })
  try {
    await follower.caughtUp
  } finally {
    await follower[Symbol.asyncDispose]()
  }
  for (const { tenant, document } of differing.values()) await items.settle(tenant, [document])
  if (restored + differing.size > 0) {
    log.info({ restored, republished: differing.size }, 'the catalogue and its topic were made to agree')
  }
}

/** The last record of each item in a run of records; tombstones have no item. */
function groupByTenant(records: readonly LogRecord[]): Map<string, Item[]> {
  const newest = new Map<string, Item>()
  for (const { key, value } of records) {
    if (value !== null) newest.set(key, JSON.parse(Buffer.from(value).toString('utf8')) as Item)
  }
  const byTenant = new Map<string, Item[]>()
  for (const item of newest.values()) {
    const items = byTenant.get(item.tenant) ?? []
    items.push(item)
    byTenant.set(item.tenant, items)
  }
  return byTenant
}
