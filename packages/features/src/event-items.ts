import type { Event } from '@rapport/contracts'
import { limits } from './layout.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** Where an event may name items by the Segment e-commerce spec: in its properties and in each entry of `properties.products`. */
export function itemCandidates(properties: JsonObject): readonly unknown[] {
  const products: unknown = properties['products']
  return Array.isArray(products) ? [properties, ...(products as unknown[])] : [properties]
}

/** The item that a candidate names: the first of `product_id`, `productId`, `sku`, `itemId`, as text of 1 to 256 characters. */
export function readItemId(candidate: unknown): string | undefined {
  if (typeof candidate !== 'object' || candidate === null) return undefined
  const { product_id: product, productId, sku, itemId } = candidate as JsonObject
  const id = product ?? productId ?? sku ?? itemId
  const text = typeof id === 'number' && Number.isFinite(id) ? String(id) : id
  return typeof text === 'string' && text.length > 0 && text.length <= 256 ? text : undefined
}

/** The items of an event, each once, at most 1,000. */
export function itemIdsOf(properties: JsonObject | undefined): readonly string[] {
  if (properties === undefined) return []
  const ids = new Set<string>()
  for (const candidate of itemCandidates(properties)) {
    if (ids.size >= limits.itemsOfAnEvent) break
    const id = readItemId(candidate)
    if (id !== undefined) ids.add(id)
  }
  return [...ids]
}

/** Beyond it a rating is a mistake. */
const largestRating = 100

/** The rating that an event gives: a number, or text that is one; of any scale from 0 to 100. */
export function readRating(properties: JsonObject | undefined): number | undefined {
  const rating: unknown = properties?.['rating']
  const number = typeof rating === 'string' && rating.trim() !== '' ? Number(rating) : rating
  return typeof number === 'number' && number >= 0 && number <= largestRating ? number : undefined
}

/** The rating of a review. */
export const ratingOf = ({ event, properties }: Pick<Event, 'event' | 'properties'>): number | undefined =>
  event === 'Product Reviewed' ? readRating(properties) : undefined

/** Of five stars, which is the scale of the Segment e-commerce spec; as text in many a client. */
const fewStars = 2

/** True for a review that speaks against its item: no sign of taste for it, however strong one a review is otherwise. */
export function isDislike(event: Pick<Event, 'event' | 'properties'>): boolean {
  const stars = ratingOf(event)
  return stars !== undefined && stars <= fewStars
}
