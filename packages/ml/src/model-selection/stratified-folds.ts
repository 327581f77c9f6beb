import { argumentError } from '../errors.ts'
import { createRandom, shuffle } from '../random.ts'

/** Rows of the two sides of a split, ascending. */
export interface Split {
  readonly train: Int32Array
  readonly held: Int32Array
}

/**
 * The fold (0 .. folds - 1) of every row, so that each class is spread over the folds as evenly as its size allows and so are
 * the rows: classes are dealt out one after another, each in an order shuffled by the seed. Linear time. Throws
 * RPT_ML_ARGUMENT_INVALID.
 */
export function stratifiedFolds(labels: Int32Array, folds: number, seed: number): Int32Array {
  if (!Number.isInteger(folds) || folds < 2) throw argumentError('folds', `is ${folds}, not an integer from 2 on`)
  if (labels.length < folds) throw argumentError('labels', `has ${labels.length} rows, fewer than ${folds} folds`)
  const foldOf = new Int32Array(labels.length)
  let dealt = 0
  for (const row of stratifiedOrder(labels, seed)) {
    foldOf[row] = dealt % folds
    dealt += 1
  }
  return foldOf
}

/** The rows outside of the fold, and those in it. */
export function splitFold(foldOf: Int32Array, fold: number): Split {
  const rows = Int32Array.from(foldOf.keys())
  return { train: rows.filter((row) => foldOf[row] !== fold), held: rows.filter((row) => foldOf[row] === fold) }
}

/** At least `size` of the rows, drawn so that every class keeps its share, rounded up; ascending. The whole when `size` is no less. */
export function stratifiedSample(labels: Int32Array, rows: Int32Array, size: number, seed: number): Int32Array {
  if (size >= rows.length) return rows
  const order = stratifiedOrder(
    rows.map((row) => labels[row] as number),
    seed,
  )
  const total = new Map<number, number>()
  for (const row of rows) total.set(labels[row] as number, (total.get(labels[row] as number) ?? 0) + 1)
  const taken = new Map<number, number>()
  const sample = order.filter((at) => {
    const label = labels[rows[at] as number] as number
    const before = taken.get(label) ?? 0
    if (before >= Math.ceil(((total.get(label) as number) * size) / rows.length)) return false
    taken.set(label, before + 1)
    return true
  })
  return sample.map((at) => rows[at] as number).sort()
}

/** All rows, class after class, each class in random order. */
function stratifiedOrder(labels: Int32Array, seed: number): Int32Array {
  const order = shuffle(createRandom(seed), Int32Array.from(labels.keys()))
  return order.sort((a, b) => (labels[a] as number) - (labels[b] as number))
}
