import { argumentError } from '../errors.ts'
import { createPacer, type Pacer, type TrainingControl } from '../training-control.ts'
import { firstOfEqualSets, type TokenSets } from './token-sets.ts'

export interface NearDuplicateOptions extends TrainingControl {
  /** In (0, 1]; 0.8 when absent. */
  readonly threshold?: number
}

/**
 * For every row the first row of its cluster. Two rows are of one cluster when a chain of rows joins them, each with a Jaccard
 * similarity of at least the threshold to the next: such rows on both sides of a split make a score look better than it is.
 * Exact, by the prefix filter of set similarity joins (Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007): two
 * sets that reach threshold t share one of the `n - ceil(t n) + 1` rarest tokens of each. Time is that of sorting the tokens,
 * plus one merge of two sets for each pair of distinct sets of similar size that share a rare token and are not joined yet; so
 * it is near linear on texts, and quadratic only where distinct sets consist of common tokens alone. Memory is linear. A row
 * without tokens is a cluster of its own. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function clusterNearDuplicates(
  sets: TokenSets,
  { threshold = 0.8, ...control }: NearDuplicateOptions = {},
): Promise<Int32Array> {
  if (!(threshold > 0 && threshold <= 1)) throw argumentError('threshold', `is ${threshold}, not within 0..1`)
  const pacer = createPacer(control)
  const index = new PrefixIndex(await rankByRarity(sets, pacer), threshold)
  const first = firstOfEqualSets(sets)
  const clusters = new Clusters(sets.rows)
  for (const [row, set] of first.entries()) {
    if (pacer.due()) await pacer.pause(row / sets.rows)
    if (set < 0) continue
    if (set < row) clusters.join(set, row)
    else index.joinAndAdd(row, clusters)
  }
  return Int32Array.from(first.keys(), (row) => clusters.firstOf(row))
}

/** Disjoint sets of rows, each known by its first row; paths are halved (Tarjan and van Leeuwen 1984). */
class Clusters {
  private readonly parent: Int32Array

  constructor(rows: number) {
    this.parent = Int32Array.from({ length: rows }, (_, row) => row)
  }

  firstOf(row: number): number {
    const { parent } = this
    let at = row
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number
      at = parent[at] as number
    }
    return at
  }

  join(one: number, other: number): void {
    const a = this.firstOf(one)
    const b = this.firstOf(other)
    this.parent[Math.max(a, b)] = Math.min(a, b)
  }
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

  /** Joins the row with all indexed rows that are similar, and indexes it. */
  joinAndAdd(row: number, clusters: Clusters): void {
    const size = this.sizeOf(row)
    for (const token of this.prefixOf(row)) {
      const posting = this.postings.get(token) ?? []
      for (const other of posting) {
        if (this.seenFor[other] === row) continue
        this.seenFor[other] = row
        const otherSize = this.sizeOf(other)
        if (Math.min(size, otherSize) < this.threshold * Math.max(size, otherSize) - rounding) continue
        if (clusters.firstOf(other) === clusters.firstOf(row)) continue
        if (isSimilar(this.sets, row, other, this.threshold)) clusters.join(row, other)
      }
      if (posting.push(row) === 1) this.postings.set(token, posting)
    }
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
async function rankByRarity({ rows, columns, starts, indices }: TokenSets, pacer: Pacer): Promise<TokenSets> {
  const frequency = new Int32Array(columns)
  for (const token of indices) frequency[token] = (frequency[token] as number) + 1
  const order = Int32Array.from({ length: columns }, (_, token) => token)
  order.sort((a, b) => (frequency[a] as number) - (frequency[b] as number))
  const rankOf = new Int32Array(columns)
  order.forEach((token, rank) => {
    rankOf[token] = rank
  })
  const ranked = indices.map((token) => rankOf[token] as number)
  for (let row = 0; row < rows; row += 1) {
    if (pacer.due()) await pacer.pause(0)
    ranked.subarray(starts[row], starts[row + 1]).sort()
  }
  return { rows, columns, starts, indices: ranked }
}

/**
 * Whether the Jaccard similarity of two rows is at least the threshold t: so it is when no more than `(1 - t) / (1 + t)` of all
 * their tokens stand in one row alone. Of unlike rows the rare tokens, which come first, are enough to see it.
 */
function isSimilar({ starts, indices }: TokenSets, a: number, b: number, threshold: number): boolean {
  const endA = starts[a + 1] as number
  const endB = starts[b + 1] as number
  let atA = starts[a] as number
  let atB = starts[b] as number
  let left = ((endA - atA + endB - atB) * (1 - threshold)) / (1 + threshold) + rounding
  while (atA < endA && atB < endB && left >= 0) {
    const difference = (indices[atA] as number) - (indices[atB] as number)
    if (difference !== 0) left -= 1
    if (difference <= 0) atA += 1
    if (difference >= 0) atB += 1
  }
  return left >= endA - atA + endB - atB
}
