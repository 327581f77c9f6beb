import { itemKey, topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { EntityRef, OnlineStore } from '@rapport/online-store'
import { fromDocument, toDocumentValue, toItem, type ItemDocument, type StoredItem } from '../domain/stored-item.ts'
import { toAnswer } from '../errors.ts'

export interface ItemStoreDependencies {
  readonly onlineStore: OnlineStore
  readonly eventLog: EventLog
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
 */
export class ItemStore {
  readonly #dependencies: ItemStoreDependencies

  constructor(dependencies: ItemStoreDependencies) {
    this.#dependencies = dependencies
  }

  /** One answer an id, in order. @throws HttpError 503 when a version that stands cannot be published. */
  async read(tenant: string, ids: readonly string[]): Promise<(ItemDocument | undefined)[]> {
    const documents = await this.#readDocuments(tenant, ids)
    const unpublished = documents.filter((document) => document !== undefined && !document.item.published)
    if (unpublished.length > 0) await this.settle(tenant, unpublished as ItemDocument[])
    return documents
  }

  /** Writes and publishes; false for each write whose document had moved on. */
  async write(tenant: string, writes: readonly ItemWrite[]): Promise<readonly boolean[]> {
    const outcomes = await this.#dependencies.onlineStore.writeDocuments(
      writes.map(({ id, item, ifDocumentVersion }) => ({
        entity: entityOf(tenant, id),
        value: toDocumentValue({ ...item, published: false }),
        ifVersion: ifDocumentVersion,
      })),
    )
    const written = writes.flatMap(({ id, item }, index) => {
      const outcome = outcomes[index]
      return outcome?.written === true ? [{ id, item, documentVersion: outcome.version }] : []
    })
    if (written.length > 0) await this.settle(tenant, written)
    return outcomes.map((outcome) => outcome.written)
  }

  /** Publishes the documents until what was published last is what stands. */
  async settle(tenant: string, documents: readonly ItemDocument[]): Promise<void> {
    let pending = documents
    for (let round = 0; pending.length > 0 && round < maxRounds; round++) {
      await this.#publish(tenant, pending)
      pending = await this.#mark(tenant, pending)
    }
    if (pending.length > 0) {
      this.#dependencies.log.warn(
        { tenant, items: pending.length },
        'items change faster than they can be marked as published',
      )
    }
  }

  async #publish(tenant: string, documents: readonly ItemDocument[]): Promise<void> {
    const { eventLog, publishDeadlineMs } = this.#dependencies
    const records = documents.map(({ id, item }) => ({
      topic: topics.items.name,
      key: itemKey(tenant, id),
      value: Buffer.from(JSON.stringify(toItem(tenant, id, item))),
    }))
    try {
      await eventLog.publish(records, { deadlineMs: publishDeadlineMs })
    } catch (error) {
      throw toAnswer(error)
    }
  }

  /** Marks documents as published; answers those that have moved on, as they stand now. */
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
      const moved = documents.filter((_, index) => outcomes[index]?.written !== true).map(({ id }) => id)
      if (moved.length === 0) return []
      return (await this.#readDocuments(tenant, moved)).filter((document) => document !== undefined)
    } catch (error) {
      // The versions are durable and published: only the mark is missing, and the next read sets it.
      log.warn({ err: error, tenant }, 'published items could not be marked as published')
      return []
    }
  }

  async #readDocuments(tenant: string, ids: readonly string[]): Promise<(ItemDocument | undefined)[]> {
    const documents = await this.#dependencies.onlineStore.readDocuments(ids.map((id) => entityOf(tenant, id)))
    return ids.map((id, index) => fromDocument(id, documents[index]))
  }

  /** Writes what the topic holds and the store has lost. */
  async restore(tenant: string, items: readonly { id: string; item: StoredItem }[]): Promise<void> {
    await this.#dependencies.onlineStore.writeDocuments(
      items.map(({ id, item }) => ({ entity: entityOf(tenant, id), value: toDocumentValue(item), ifVersion: 0 })),
    )
  }
}

const entityOf = (tenant: string, id: string): EntityRef => ({ tenant, kind: 'item', id })
