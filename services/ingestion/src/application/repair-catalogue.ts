import { itemKey, topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord } from '@rapport/messaging'
import { crc32 } from 'node:zlib'
import { readItem } from '../domain/read-item.ts'
import { fromItem, toRecordValue, type ItemDocument, type StoredItem } from '../domain/stored-item.ts'
import type { ItemStore, ItemWrite } from './item-store.ts'
import type { ItemVersion, ItemVersions } from './item-versions.ts'

export interface RepairCatalogueDependencies {
  readonly items: Pick<ItemStore, 'readAsTheyStand' | 'restore' | 'settle'>
  readonly versions: ItemVersions
  readonly eventLog: EventLog
  readonly log: Log
  /** When it aborts, a repair that cannot go on is given up. */
  readonly signal: AbortSignal
}

/** What a run of records tells of an item: followers heed the first record of its highest version, compaction keeps the last. */
interface TopicItem {
  readonly key: string
  readonly tenant: string
  readonly id: string
  readonly item: StoredItem
  readonly fingerprint: number
  readonly last: ItemVersion
}

/**
 * Reads `rapport.items.v1` once and makes documents and topic agree. An item whose document is newer than its newest
 * record is published again (its publisher died between the two, or came late). A document that is lost, or older than
 * the topic's newest record, or of the same version and not the same, is written again as the topic has it: the online
 * store has taken it back.
 */
export async function repairCatalogue(dependencies: RepairCatalogueDependencies): Promise<void> {
  const { items, versions, eventLog, log, signal } = dependencies
  await versions.caughtUp()
  const comparison = new Comparison(dependencies)
  await readOnce(eventLog, (records) => comparison.add(records), signal)
  for (const { tenant, document } of comparison.differing.values()) await items.settle(tenant, [document])
  await comparison.adoptOrphans()
  const { restored, differing } = comparison
  if (restored + differing.size > 0) {
    log.info({ restored, republished: differing.size }, 'the catalogue and its topic were made to agree')
  }
}

class Comparison {
  readonly #dependencies: RepairCatalogueDependencies
  restored = 0
  /** Documents that are not what the topic has last: compaction would keep the wrong one. */
  readonly differing = new Map<string, { readonly tenant: string; readonly document: ItemDocument }>()
  /** Behind a version whose record compaction has removed for a later one of the same or a lower version. */
  readonly #orphans = new Map<string, TopicItem & { readonly ifDocumentVersion: number }>()

  constructor(dependencies: RepairCatalogueDependencies) {
    this.#dependencies = dependencies
  }

  async add(records: readonly LogRecord[]): Promise<void> {
    for (const { key, value } of records) {
      if (value !== null) continue
      this.differing.delete(key)
      this.#orphans.delete(key)
    }
    for (const [tenant, found] of groupByTenant(records)) await this.#addOf(tenant, found)
  }

  async #addOf(tenant: string, found: readonly TopicItem[]): Promise<void> {
    const { items, versions } = this.#dependencies
    const documents = await items.readAsTheyStand(
      tenant,
      found.map(({ id }) => id),
    )
    const lost: ItemWrite[] = []
    for (const [index, topicItem] of found.entries()) {
      const document = documents[index]
      const { id, key, item } = topicItem
      const ifDocumentVersion = document?.documentVersion ?? 0
      this.#orphans.delete(key)
      if (holds(document, topicItem)) this.#note(topicItem, document)
      else if (isNewestOf(versions, topicItem)) {
        lost.push({ id, item, ifDocumentVersion })
        this.#note(topicItem, { id, item, documentVersion: ifDocumentVersion })
      } else this.#orphans.set(key, { ...topicItem, ifDocumentVersion })
    }
    if (lost.length > 0) await items.restore(tenant, lost)
    this.restored += lost.length
  }

  /** @param document As it stands now. */
  #note({ key, tenant, last }: TopicItem, document: ItemDocument): void {
    // A later record of the same item may be the one that agrees.
    if (agrees(tenant, document, last)) this.differing.delete(key)
    else this.differing.set(key, { tenant, document })
  }

  /** Gives what the topic has left a version that followers heed; the next who reads the item publishes it. */
  async adoptOrphans(): Promise<void> {
    const { items, versions } = this.#dependencies
    for (const { key, tenant, id, item, ifDocumentVersion } of this.#orphans.values()) {
      const version = (versions.newestOf(key)?.version ?? 0) + 1
      await items.restore(tenant, [{ id, item: { ...item, version, published: false }, ifDocumentVersion }])
    }
    this.restored += this.#orphans.size
  }
}

function isNewestOf(versions: ItemVersions, { key, item, fingerprint }: TopicItem): boolean {
  const newest = versions.newestOf(key)
  return newest?.version === item.version && newest.fingerprint === fingerprint
}

/** Whether the document is what followers heed, or newer. */
const holds = (
  document: ItemDocument | undefined,
  { tenant, item, fingerprint }: TopicItem,
): document is ItemDocument =>
  document !== undefined &&
  (document.item.version > item.version || agrees(tenant, document, { version: item.version, fingerprint }))

const agrees = (tenant: string, { id, item }: ItemDocument, { version, fingerprint }: ItemVersion): boolean =>
  item.version === version && crc32(toRecordValue(tenant, id, item)) === fingerprint

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

/** What is no item, and what a tombstone follows, is left out. */
function groupByTenant(records: readonly LogRecord[]): Map<string, TopicItem[]> {
  const found = new Map<string, TopicItem>()
  for (const { key, value } of records) {
    const item = value === null ? undefined : readItem(value)
    if (value === null) found.delete(key)
    if (value === null || item === undefined || itemKey(item.tenant, item.id) !== key) continue
    const { tenant, id, version } = item
    const last = { version, fingerprint: crc32(value) }
    const earlier = found.get(key)
    const isHigher = earlier === undefined || version > earlier.item.version
    found.set(
      key,
      isHigher ? { key, tenant, id, item: fromItem(item), fingerprint: last.fingerprint, last } : { ...earlier, last },
    )
  }
  return Map.groupBy(found.values(), ({ tenant }) => tenant)
}
