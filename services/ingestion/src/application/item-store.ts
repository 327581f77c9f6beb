import { itemKey, topics } from '@rapport/contracts'
import { type Log, within } from '@rapport/core'
import type { EventLog, RecordPosition } from '@rapport/messaging'
import type { EntityRef, OnlineStore } from '@rapport/online-store'
import {
  fromDocument,
  toDocumentValue,
  toRecordValue,
  type ItemDocument,
  type StoredItem,
} from '../domain/stored-item.ts'
import { notInTime, toAnswer } from '../errors.ts'
import type { ItemVersion, ItemVersions } from './item-versions.ts'

export interface ItemStoreDependencies {
  readonly onlineStore: OnlineStore
  readonly eventLog: EventLog
  readonly versions: ItemVersions
  /** Writes documents again that the online store has lost or taken back. */
  readonly repair: () => Promise<void>
  readonly log: Log
  readonly publishDeadlineMs: number
}

export interface ItemWrite {
  readonly id: string
  readonly item: StoredItem
  /** The document's version that must stand: 0 for none. */
  readonly ifDocumentVersion: number
}

const maxRounds = 8

/**
 * Documents of items in the online store, and their way to `rapport.items.v1`.
 *
 * A version is written to its document first (compare-and-set decides which writer wins), marked as not published, then
 * published, then marked as published. A process that dies in between leaves a document with the mark missing; every
 * read here publishes such a document before it hands it out, so no version that anybody has seen is missing from the topic.
 *
 * The topic is compacted to its newest record, so of two publishers the one with the older version must not come last.
 * The mark is set under compare-and-set: a publisher whose document has moved on publishes what stands now, until it
 * has published the newest.
 *
 * A failover of the online store, or somebody who empties it, takes documents back, and a version given out on top of an
 * older document would be one that followers of the topic have seen and ignore. So a document is compared with the
 * topic's newest version before it is handed out, and a version counts as written only when it has come back from the
 * topic as one that followers heed. Either failing, the documents are repaired first, and the change is made on top.
 */
export class ItemStore {
  readonly #dependencies: ItemStoreDependencies

  constructor(dependencies: ItemStoreDependencies) {
    this.#dependencies = dependencies
  }

  /** One answer an id, in order. @throws HttpError 503 when a version that stands cannot be published, or documents are being repaired. */
  async read(tenant: string, ids: readonly string[]): Promise<(ItemDocument | undefined)[]> {
    const { versions } = this.#dependencies
    await this.#inTime(versions.caughtUp(), 'The catalogue has not been read yet')
    for (let round = 0; round < maxRounds; round++) {
      // Before the documents: a version that another process writes and publishes in between is no loss.
      const newest = ids.map((id) => versions.newestOf(itemKey(tenant, id)))
      const documents = await this.readAsTheyStand(tenant, ids)
      if (documents.some((document, index) => isBehind(document, newest[index]))) {
        await this.#repair()
        continue
      }
      const unpublished = documents.filter((document) => document !== undefined && !document.item.published)
      if (unpublished.length === 0) return documents
      await this.#resolve(tenant, await this.settle(tenant, unpublished as ItemDocument[]))
    }
    throw notInTime('The items change faster than they can be published')
  }

  /**
   * Writes and publishes. Answers each item as it stands then, with a later version where its own was taken already;
   * undefined for each whose document had moved on, or stood on one that the online store had taken back.
   */
  async write(tenant: string, writes: readonly ItemWrite[]): Promise<readonly (StoredItem | undefined)[]> {
    const outcomes = await this.#writeUnpublished(tenant, writes)
    const written = outcomes.filter((document) => document !== undefined)
    const hidden = await this.settle(tenant, written)
    const resolved = new Map(hidden.map(({ id }) => [id, undefined as StoredItem | undefined]))
    for (const { id, item } of await this.#resolve(tenant, hidden)) resolved.set(id, item)
    return outcomes.map(
      (document) => document && (resolved.has(document.id) ? resolved.get(document.id) : document.item),
    )
  }

  /**
   * Publishes the documents until what was published last is what stands. Answers those whose version was taken already,
   * so that followers do not heed what was published.
   */
  async settle(tenant: string, documents: readonly ItemDocument[]): Promise<readonly ItemDocument[]> {
    const hidden: ItemDocument[] = []
    let pending = documents
    for (let round = 0; pending.length > 0 && round < maxRounds; round++) {
      const heeded = await this.#publish(tenant, pending)
      hidden.push(...pending.filter((_, index) => heeded[index] !== true))
      pending = await this.#mark(
        tenant,
        pending.filter((_, index) => heeded[index] === true),
      )
    }
    if (pending.length > 0) {
      this.#dependencies.log.warn(
        { tenant, items: pending.length },
        'items change faster than they can be marked as published',
      )
    }
    return hidden
  }

  /**
   * For documents whose version was taken already. The repair puts what the topic has in their place, and the change is to
   * be made on top; where compaction has left the topic nothing else, they stand, with a later version. Answers those.
   */
  async #resolve(tenant: string, hidden: readonly ItemDocument[]): Promise<readonly ItemDocument[]> {
    if (hidden.length === 0) return []
    await this.#repair()
    const later = hidden.map(({ id, item, documentVersion }) => {
      const taken = this.#dependencies.versions.newestOf(itemKey(tenant, id))?.version ?? 0
      const version = Math.max(taken, item.version) + 1
      return { id, item: { ...item, version }, ifDocumentVersion: documentVersion }
    })
    const standing = (await this.#writeUnpublished(tenant, later)).filter((document) => document !== undefined)
    const stillHidden = new Set((await this.settle(tenant, standing)).map(({ id }) => id))
    return standing.filter(({ id }) => !stillHidden.has(id))
  }

  async #writeUnpublished(
    tenant: string,
    writes: readonly ItemWrite[],
  ): Promise<readonly (ItemDocument | undefined)[]> {
    const outcomes = await this.#dependencies.onlineStore.writeDocuments(
      writes.map(({ id, item, ifDocumentVersion }) => ({
        entity: entityOf(tenant, id),
        value: toDocumentValue({ ...item, published: false }),
        ifVersion: ifDocumentVersion,
      })),
    )
    return writes.map(({ id, item }, index) => {
      const outcome = outcomes[index]
      return outcome?.written === true ? { id, item, documentVersion: outcome.version } : undefined
    })
  }

  /** Resolves when followers have the records: for each, whether they heed it. */
  async #publish(tenant: string, documents: readonly ItemDocument[]): Promise<readonly boolean[]> {
    const { eventLog, versions, publishDeadlineMs } = this.#dependencies
    const records = documents.map(({ id, item }) => ({
      topic: topics.items.name,
      key: itemKey(tenant, id),
      value: toRecordValue(tenant, id, item),
    }))
    let positions: readonly RecordPosition[]
    try {
      positions = await eventLog.publish(records, { deadlineMs: publishDeadlineMs })
    } catch (error) {
      throw toAnswer(error)
    }
    return this.#inTime(versions.heeded(positions), 'What was published has not been read back yet')
  }

  /** Marks documents as published; answers those that have moved on, as they stand now; not those that have gone back. */
  async #mark(tenant: string, documents: readonly ItemDocument[]): Promise<ItemDocument[]> {
    const { onlineStore, log } = this.#dependencies
    try {
      const outcomes = await onlineStore.writeDocuments(
        documents.map(({ id, item, documentVersion }) => ({
          entity: entityOf(tenant, id),
          value: toDocumentValue({ ...item, published: true }),
          ifVersion: documentVersion,
        })),
      )
      const moved = documents.filter((_, index) => outcomes[index]?.written !== true)
      if (moved.length === 0) return []
      const standing = await this.readAsTheyStand(
        tenant,
        moved.map(({ id }) => id),
      )
      return standing.filter(
        (document, index) => document !== undefined && document.item.version > (moved[index]?.item.version ?? 0),
      ) as ItemDocument[]
    } catch (error) {
      // The versions are durable and published: only the mark is missing, and the next read sets it.
      log.warn({ err: error, tenant }, 'published items could not be marked as published')
      return []
    }
  }

  /** The documents without a look at the topic. */
  async readAsTheyStand(tenant: string, ids: readonly string[]): Promise<(ItemDocument | undefined)[]> {
    const documents = await this.#dependencies.onlineStore.readDocuments(ids.map((id) => entityOf(tenant, id)))
    return ids.map((id, index) => fromDocument(id, documents[index]))
  }

  /** Writes what the topic holds and the store has lost or taken back; a document that has moved on meanwhile stays. */
  async restore(tenant: string, writes: readonly ItemWrite[]): Promise<void> {
    await this.#dependencies.onlineStore.writeDocuments(
      writes.map(({ id, item, ifDocumentVersion }) => ({
        entity: entityOf(tenant, id),
        value: toDocumentValue(item),
        ifVersion: ifDocumentVersion,
      })),
    )
  }

  #repair(): Promise<void> {
    return this.#inTime(this.#dependencies.repair(), 'The catalogue is being repaired')
  }

  #inTime<T>(work: Promise<T>, problem: string): Promise<T> {
    return within(work, this.#dependencies.publishDeadlineMs, () => notInTime(problem))
  }
}

/** The topic knows of a version that the document does not have. */
const isBehind = (document: ItemDocument | undefined, newest: ItemVersion | undefined): boolean =>
  newest !== undefined && (document?.item.version ?? 0) < newest.version

const entityOf = (tenant: string, id: string): EntityRef => ({ tenant, kind: 'item', id })
