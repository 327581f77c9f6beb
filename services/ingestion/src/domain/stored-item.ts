import type { Item, ItemAnswer, ItemBody } from '@rapport/contracts'
import type { Document, JsonValue } from '@rapport/online-store'

/** An item as its document in the online store keeps it. */
export interface StoredItem {
  readonly version: number
  readonly updatedAt: string
  /** False until `rapport.items.v1` has this version: whoever reads such a document publishes it first. */
  readonly published: boolean
  readonly deleted: boolean
  readonly body: ItemBody
}

/** A stored item with the version of its document, which grows with every write of it. */
export interface ItemDocument {
  readonly id: string
  readonly documentVersion: number
  readonly item: StoredItem
}

export const toDocumentValue = (item: StoredItem): JsonValue => item as unknown as JsonValue

export const fromDocument = (id: string, document: Document | undefined): ItemDocument | undefined =>
  document && { id, documentVersion: document.version, item: document.value as unknown as StoredItem }

/** The record of `rapport.items.v1`. */
export function toItem(tenant: string, id: string, { version, updatedAt, deleted, body }: StoredItem): Item {
  return deleted
    ? { tenant, id, version, updatedAt, deleted: true, body: {} }
    : { tenant, id, version, updatedAt, body }
}

/** The bytes of that record: the same for the same item, whoever publishes it. */
export const toRecordValue = (tenant: string, id: string, item: StoredItem): Buffer =>
  Buffer.from(JSON.stringify(toItem(tenant, id, item)))

export const fromItem = ({ version, updatedAt, deleted, body }: Item): StoredItem => ({
  version,
  updatedAt,
  published: true,
  deleted: deleted === true,
  body,
})

export const toItemAnswer = (id: string, { version, updatedAt, body }: StoredItem): ItemAnswer => ({
  ...body,
  id,
  version,
  updatedAt,
})
