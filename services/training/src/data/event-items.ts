import { limits } from '@rapport/features'

/**
 * The item ids of an event by the Segment e-commerce spec: of its properties and of each entry of `properties.products`
 * the first of `product_id`, `productId`, `sku`, `itemId`; every id once.
 */
export function itemIdsOf(properties: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  if (properties === undefined) return []
  const products: unknown = properties['products']
  const ids = new Set<string>()
  for (const line of Array.isArray(products) ? [properties, ...(products as unknown[])] : [properties]) {
    if (ids.size >= limits.itemsOfAnEvent) break
    const id = readItemId(line)
    if (id !== undefined) ids.add(id)
  }
  return [...ids]
}

function readItemId(line: unknown): string | undefined {
  if (typeof line !== 'object' || line === null) return undefined
  const { product_id: product, productId, sku, itemId } = line as Record<string, unknown>
  const id = product ?? productId ?? sku ?? itemId
  const text = typeof id === 'number' && Number.isFinite(id) ? String(id) : id
  return typeof text === 'string' && text.length > 0 && text.length <= 256 ? text : undefined
}
