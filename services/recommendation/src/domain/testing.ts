import type { Item, ItemBody } from '@rapport/contracts'
import { neighboursToWeights, trainItemKnn, type CsrMatrix, type RecommenderBundle } from '@rapport/ml'
import { defaultEventWeights } from './behaviour-events.ts'

export const itemOf = (id: string, body: ItemBody = {}, more: Partial<Item> = {}): Item => ({
  tenant: 'shop',
  id,
  version: 1,
  updatedAt: '2026-01-01T00:00:00.000Z',
  body,
  ...more,
})

/** Users x items in CSR from each user's items. */
export function interactionsOf(itemIds: readonly string[], users: readonly (readonly string[])[]): CsrMatrix {
  const rows = users.map((items) => items.map((id) => itemIds.indexOf(id)).toSorted((a, b) => a - b))
  const starts = Int32Array.from([0, ...rows.map((_, at) => rows.slice(0, at + 1).flat().length)])
  const indices = Int32Array.from(rows.flat())
  return {
    rows: users.length,
    columns: itemIds.length,
    starts,
    indices,
    values: new Float32Array(indices.length).fill(1),
  }
}

/** A trained item-kNN with its neighbour lists, as training would publish it. */
export async function trainKnnBundle(
  itemIds: readonly string[],
  users: readonly (readonly string[])[],
): Promise<RecommenderBundle> {
  const interactions = interactionsOf(itemIds, users)
  const similar = await trainItemKnn(interactions, { neighbours: 20, shrinkage: 0 })
  const popularity = new Float32Array(itemIds.length)
  for (const item of interactions.indices) popularity[item] = (popularity[item] ?? 0) + 1
  return {
    itemIds,
    scorer: {
      algorithm: 'item-knn',
      itemCount: itemIds.length,
      parameters: { neighbours: 20, shrinkage: 0 },
      weights: neighboursToWeights(similar),
    },
    popularity,
    neighbours: { similar, alsoBought: similar },
    eventWeights: Object.fromEntries(defaultEventWeights),
    catalogue: new Uint8Array(),
  }
}

/** Two tastes that share nobody: tea and coffee. */
export const teaAndCoffee = {
  itemIds: ['green', 'black', 'pot', 'beans', 'press', 'mill'],
  users: [
    ['green', 'black', 'pot'],
    ['green', 'black'],
    ['black', 'pot'],
    ['beans', 'press', 'mill'],
    ['beans', 'press'],
    ['press', 'mill'],
    ['press', 'beans'],
  ],
} as const
