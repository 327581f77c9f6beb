import type { ModelManifest } from '@rapport/contracts'
import {
  createItemScorer,
  type History,
  type ItemScorer,
  type NeighbourLists,
  type RecommenderBundle,
} from '@rapport/ml'
import type { Catalogue } from './catalogue.ts'
import type { HistoryItem } from './visitor-history.ts'
import type { ItemTable } from './item-table.ts'

/** The newest `length` entries of a history that the model knows, in its own item numbers. */
export interface ModelHistory extends History {
  /** Positions in the visitor's history, aligned with `items`. */
  readonly positions: Int32Array
}

/**
 * One loaded model seen from a tenant's item table, with the working memory of its requests: everything of catalogue size
 * is allocated here, once. Not re-entrant.
 */
export class ModelView {
  readonly version: string
  /** When the version was published, ISO 8601. */
  readonly createdAt: string
  readonly bundle: RecommenderBundle
  readonly scorer: ItemScorer
  readonly eventWeights: ReadonlyMap<string, number>
  /** Score of every item of the model, after `scorer.score`. */
  readonly scores: Float32Array
  /** Item-table index by model item. */
  readonly tableIndices: Int32Array
  private readonly modelItems = new Map<number, number>()
  private readonly unknown: number[] = []
  private arrivalsRead = 0
  private items = new Int32Array(256)
  private weights = new Float32Array(256)
  private positions = new Int32Array(256)

  constructor(manifest: Pick<ModelManifest, 'version' | 'createdAt'>, bundle: RecommenderBundle, table: ItemTable) {
    this.version = manifest.version
    this.createdAt = manifest.createdAt
    this.bundle = bundle
    this.scorer = createItemScorer(bundle.scorer)
    this.eventWeights = new Map(Object.entries(bundle.eventWeights))
    this.scores = new Float32Array(bundle.itemIds.length)
    this.tableIndices = Int32Array.from(bundle.itemIds, (id) => table.intern(id))
    for (const [item, index] of this.tableIndices.entries()) this.modelItems.set(index, item)
  }

  /** The model's number of an item; undefined for one that it was not trained on. */
  itemOf(index: number | undefined): number | undefined {
    return index === undefined ? undefined : this.modelItems.get(index)
  }

  /** Table indices of catalogue items that the model was not trained on, in the order of their arrival; some may be gone. */
  unknownOf({ arrivals }: Catalogue): readonly number[] {
    for (; this.arrivalsRead < arrivals.length; this.arrivalsRead += 1) {
      const index = arrivals[this.arrivalsRead]
      if (index !== undefined && !this.modelItems.has(index)) this.unknown.push(index)
    }
    return this.unknown
  }

  /** Reuses its buffers: valid until the next call. */
  historyOf(items: readonly HistoryItem[], table: ItemTable): ModelHistory {
    if (items.length > this.items.length) {
      this.items = new Int32Array(items.length)
      this.weights = new Float32Array(items.length)
      this.positions = new Int32Array(items.length)
    }
    let length = 0
    for (let position = 0; position < items.length; position += 1) {
      const entry = items[position]
      const item = entry === undefined ? undefined : this.itemOf(table.indexOf(entry.itemId))
      if (entry === undefined || item === undefined) continue
      this.items[length] = item
      this.weights[length] = entry.weight
      this.positions[length] = position
      length += 1
    }
    return { items: this.items, weights: this.weights, positions: this.positions, length }
  }
}

/** Calls `visit` for the neighbours of an item, best first. */
export function eachNeighbour(lists: NeighbourLists, item: number, visit: (item: number, score: number) => void): void {
  const end = lists.starts[item + 1] ?? 0
  for (let at = lists.starts[item] ?? 0; at < end; at += 1) visit(lists.items[at] ?? 0, lists.scores[at] ?? 0)
}
