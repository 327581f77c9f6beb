import { ingestionLimits, type ItemBody } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { notFound } from '@rapport/service-kit'
import { mergePatch } from '../domain/merge-patch.ts'
import { checkPreconditions, type Preconditions } from '../domain/preconditions.ts'
import type { ItemDocument, StoredItem } from '../domain/stored-item.ts'
import { conflict, preconditionFailed, tooLarge } from '../errors.ts'
import type { IngestionMetrics } from '../metrics.ts'
import type { ItemStore } from './item-store.ts'

export interface ItemAddress {
  readonly tenant: string
  readonly id: string
}

export interface ItemChanges {
  /** @throws HttpError 404, 503. */
  get(address: ItemAddress): Promise<StoredItem>
  /** Replaces the whole body; `created` when no item stood there. @throws HttpError 409, 412, 413, 503. */
  put(address: ItemAddress, body: ItemBody, conditions: Preconditions): Promise<{ item: StoredItem; created: boolean }>
  /** JSON merge patch. @throws HttpError 404, 409, 412, 413, 503. */
  patch(address: ItemAddress, patch: unknown, conditions: Preconditions): Promise<StoredItem>
  /** @throws HttpError 404, 409, 412, 503. */
  remove(address: ItemAddress, conditions: Preconditions): Promise<void>
}

export interface ItemChangesDependencies {
  readonly items: ItemStore
  readonly clock: Clock
  readonly metrics: IngestionMetrics
}

/** Attempts of one call while others change the same item. */
const maxAttempts = 8

type Next = Pick<StoredItem, 'body' | 'deleted'>

/** Changes of single items under compare-and-set. A deleted item keeps its document, so that its versions go on growing. */
export function createItemChanges({ items, clock, metrics }: ItemChangesDependencies): ItemChanges {
  async function change(
    { tenant, id }: ItemAddress,
    conditions: Preconditions,
    decide: (standing: StoredItem | undefined) => Next,
  ): Promise<{ item: StoredItem; created: boolean }> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const [document] = await items.read(tenant, [id])
      const standing = standingItem(document)
      const obstacle = checkPreconditions(conditions, standing?.version)
      if (obstacle !== undefined) throw preconditionFailed(obstacle)
      const item = nextVersion(document, decide(standing), clock)
      const [written] = await items.write(tenant, [{ id, item, ifDocumentVersion: document?.documentVersion ?? 0 }])
      if (written !== undefined) return { item: written, created: standing === undefined }
    }
    throw conflict(`Others changed the item during all of ${maxAttempts} attempts.`)
  }

  return {
    async get({ tenant, id }) {
      const [document] = await items.read(tenant, [id])
      const standing = standingItem(document)
      if (standing === undefined) throw notFound('such item')
      return standing
    },
    async put(address, body, conditions) {
      checkSize(body)
      const outcome = await change(address, conditions, () => ({ body, deleted: false }))
      metrics.itemsWritten.inc({ operation: 'put' })
      return outcome
    },
    async patch(address, patch, conditions) {
      const { item } = await change(address, conditions, (standing) => {
        if (standing === undefined) throw notFound('such item')
        const body = mergePatch(standing.body, patch) as ItemBody
        checkSize(body)
        return { body, deleted: false }
      })
      metrics.itemsWritten.inc({ operation: 'patch' })
      return item
    },
    async remove(address, conditions) {
      await change(address, conditions, (standing) => {
        if (standing === undefined) throw notFound('such item')
        return { body: {}, deleted: true }
      })
      metrics.itemsWritten.inc({ operation: 'delete' })
    },
  }
}

export const standingItem = (document: ItemDocument | undefined): StoredItem | undefined =>
  document === undefined || document.item.deleted ? undefined : document.item

export const nextVersion = (document: ItemDocument | undefined, next: Next, clock: Clock): StoredItem => ({
  ...next,
  version: (document?.item.version ?? 0) + 1,
  updatedAt: new Date(clock.now()).toISOString(),
  published: false,
})

function checkSize(body: ItemBody): void {
  if (Buffer.byteLength(JSON.stringify(body)) > ingestionLimits.itemBytes) {
    throw tooLarge(`The item would be larger than ${ingestionLimits.itemBytes} bytes.`)
  }
}
