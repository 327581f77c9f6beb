import { argumentError } from '../errors.ts'
import { TopK } from '../ranking/top-k.ts'
import { csrBytes, rowNorms, transposeCsr, type CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { NeighbourListBuilder, type NeighbourLists } from './neighbour-lists.ts'

export interface ItemKnnParameters {
  /** How many neighbours an item keeps. */
  readonly neighbours: number
  /** Added to the product of the norms, so that a similarity that rests on few common users counts less. */
  readonly shrinkage: number
}

/**
 * The nearest items of every item by cosine of their columns in `interactions` (users x items):
 * `x_i . x_j / (|x_i| |x_j| + shrinkage)` (Deshpande and Karypis 2004). Only pairs with a common user are looked at; only
 * positive similarities are kept. The work grows with the sum of the squared row lengths.
 */
export async function trainItemKnn(
  interactions: CsrMatrix,
  parameters: ItemKnnParameters,
  control: TrainingControl = {},
): Promise<NeighbourLists> {
  if (!(parameters.shrinkage >= 0)) throw argumentError('shrinkage', `is ${parameters.shrinkage}, not 0 or more`)
  const pacer = createPacer(control)
  const byItem = transposeCsr(interactions)
  const norms = rowNorms(byItem)
  const best = new TopK(parameters.neighbours)
  const lists = new NeighbourListBuilder(byItem.rows, Math.min(parameters.neighbours, byItem.rows))
  const common = new CommonUsers(interactions, byItem)
  for (let item = 0; item < byItem.rows; item += 1) {
    if (pacer.due()) await pacer.pause(item / byItem.rows)
    const touched = common.collect(item)
    best.reset()
    for (let slot = 0; slot < touched; slot += 1) {
      const other = common.items[slot] as number
      if (other === item) continue
      const norm = (norms[item] as number) * (norms[other] as number)
      const similarity = (common.products[other] as number) / (norm + parameters.shrinkage)
      if (similarity > 0) best.offer(other, similarity)
    }
    lists.append(best.items, best.scores, best.finish())
  }
  control.onProgress?.(1)
  return lists.build()
}

/** Peak bytes of `trainItemKnn` on users x items with that many entries, its input and result counted. */
export function estimateItemKnnBytes(
  shape: { readonly users: number; readonly items: number; readonly entries: number },
  parameters: ItemKnnParameters,
): number {
  const { users, items, entries } = shape
  const lists = 2 * 8 * items * Math.min(parameters.neighbours, items)
  return csrBytes(users, entries) + csrBytes(items, entries) + lists + 28 * items
}

/** The dot products of one item's column with every other column that shares a user with it. */
class CommonUsers {
  /** By item; valid for the items listed in `items`. */
  readonly products: Float64Array
  /** The first `collect()` of these have a common user with the item asked for. */
  readonly items: Int32Array
  private readonly byUser: CsrMatrix
  private readonly byItem: CsrMatrix
  private readonly touchedFor: Int32Array

  constructor(byUser: CsrMatrix, byItem: CsrMatrix) {
    this.byUser = byUser
    this.byItem = byItem
    this.products = new Float64Array(byItem.rows)
    this.items = new Int32Array(byItem.rows)
    this.touchedFor = new Int32Array(byItem.rows).fill(-1)
  }

  collect(item: number): number {
    const { products, items, touchedFor } = this
    const { starts, indices, values } = this.byUser
    let touched = 0
    const end = this.byItem.starts[item + 1] as number
    for (let entry = this.byItem.starts[item] as number; entry < end; entry += 1) {
      const user = this.byItem.indices[entry] as number
      const value = this.byItem.values[entry] as number
      const rowEnd = starts[user + 1] as number
      for (let cell = starts[user] as number; cell < rowEnd; cell += 1) {
        const other = indices[cell] as number
        const product = value * (values[cell] as number)
        if (touchedFor[other] === item) {
          products[other] = (products[other] as number) + product
        } else {
          touchedFor[other] = item
          products[other] = product
          items[touched] = other
          touched += 1
        }
      }
    }
    return touched
  }
}
