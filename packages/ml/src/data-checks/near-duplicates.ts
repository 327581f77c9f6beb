import { argumentError } from '../errors.ts'
import { firstOfEqualSets, type TokenSets } from './token-sets.ts'

/** A held-out row and the training row that is most like it. */
export interface NearDuplicate {
  readonly held: number
  readonly train: number
  /** Jaccard similarity of the token sets, 1 for equal ones. */
  readonly similarity: number
}

export interface NearDuplicateOptions {
  readonly train: Int32Array
  readonly held: Int32Array
  /** In (0, 1]; 0.8 when absent. */
  readonly threshold?: number
}

/**
 * The held-out rows that have a training row with a Jaccard similarity of at least the threshold, each with the most similar
 * one (the first of equals): such rows make a held-out score look better than it is. Exact, by the prefix filter of set
 * similarity joins (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007): two sets that reach threshold t share
 * one of the `n - ceil(t n) + 1` rarest tokens of each. Time is that of sorting the tokens, plus one merge of two sets for each pair of
 * distinct sets of similar size that share a rare token; so it is near linear on texts, and quadratic only where distinct
 * sets consist of common tokens alone. Memory is linear. Rows without tokens are not compared. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function findNearDuplicates(sets: TokenSets, options: NearDuplicateOptions): NearDuplicate[] {
  const { train, held, threshold = 0.8 } = options
  if (!(threshold > 0 && threshold <= 1)) throw argumentError('threshold', `is ${threshold}, not within 0..1`)
  const ranked = rankByRarity(sets)
  const first = firstOfEqualSets(sets)
  const index = new PrefixIndex(ranked, threshold)
  /** First training row of each distinct set. */
  const trainOf = new Map<number, number>()
  for (const row of train) {
    const set = first[row] as number
    if (set < 0 || trainOf.has(set)) continue
    trainOf.set(set, row)
    index.add(set)
  }
  const found: NearDuplicate[] = []
  const bestOf = new Map<number, { readonly set: number; readonly similarity: number } | undefined>()
  for (const row of held) {
    const set = first[row] as number
    if (set < 0) continue
    if (!bestOf.has(set)) bestOf.set(set, trainOf.has(set) ? { set, similarity: 1 } : index.mostSimilar(set))
    const best = bestOf.get(set)
    if (best !== undefined) {
      found.push({ held: row, train: trainOf.get(best.set) as number, similarity: best.similarity })
    }
  }
  return found
}

/** Sets whose prefix tokens are indexed, with the rare tokens of every row first. */
class PrefixIndex {
  private readonly sets: TokenSets
  private readonly threshold: number
  private readonly postings = new Map<number, number[]>()
  private readonly seenFor: Int32Array

  constructor(sets: TokenSets, threshold: number) {
    this.sets = sets
    this.threshold = threshold
    this.seenFor = new Int32Array(sets.rows).fill(-1)
  }

  add(row: number): void {
    for (const token of this.prefixOf(row)) {
      const posting = this.postings.get(token)
      if (posting === undefined) this.postings.set(token, [row])
      else posting.push(row)
    }
  }

  mostSimilar(row: number): { readonly set: number; readonly similarity: number } | undefined {
    let best: { readonly set: number; readonly similarity: number } | undefined
    const size = this.sizeOf(row)
    for (const token of this.prefixOf(row)) {
      for (const other of this.postings.get(token) ?? []) {
        if (this.seenFor[other] === row) continue
        this.seenFor[other] = row
        const otherSize = this.sizeOf(other)
        if (Math.min(size, otherSize) < this.threshold * Math.max(size, otherSize) - rounding) continue
        const similarity = jaccard(this.sets, row, other)
        if (similarity < this.threshold - rounding) continue
        const closer = best === undefined || similarity > best.similarity
        if (closer || (similarity === best?.similarity && other < best.set)) best = { set: other, similarity }
      }
    }
    return best
  }

  private sizeOf(row: number): number {
    return (this.sets.starts[row + 1] as number) - (this.sets.starts[row] as number)
  }

  private prefixOf(row: number): Int32Array {
    const size = this.sizeOf(row)
    const from = this.sets.starts[row] as number
    return this.sets.indices.subarray(from, from + size - Math.ceil(this.threshold * size - rounding) + 1)
  }
}

const rounding = 1e-9

/** The same sets with tokens numbered by rising frequency, ascending within every row. */
function rankByRarity({ rows, columns, starts, indices }: TokenSets): TokenSets {
  const frequency = new Int32Array(columns)
  for (const token of indices) frequency[token] = (frequency[token] as number) + 1
  const order = Int32Array.from({ length: columns }, (_, token) => token)
  order.sort((a, b) => (frequency[a] as number) - (frequency[b] as number))
  const rankOf = new Int32Array(columns)
  order.forEach((token, rank) => {
    rankOf[token] = rank
  })
  const ranked = indices.map((token) => rankOf[token] as number)
  for (let row = 0; row < rows; row += 1) ranked.subarray(starts[row], starts[row + 1]).sort()
  return { rows, columns, starts, indices: ranked }
}

function jaccard({ starts, indices }: TokenSets, a: number, b: number): number {
  const endA = starts[a + 1] as number
  const endB = starts[b + 1] as number
  let atA = starts[a] as number
  let atB = starts[b] as number
  const sizes = endA - atA + endB - atB
  let shared = 0
  while (atA < endA && atB < endB) {
    const difference = (indices[atA] as number) - (indices[atB] as number)
    if (difference === 0) shared += 1
    if (difference <= 0) atA += 1
    if (difference >= 0) atB += 1
  }
  return shared / (sizes - shared)
}
