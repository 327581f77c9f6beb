/** The distinct tokens of every row, ascending: what a CsrMatrix holds beside its values. */
export interface TokenSets {
  readonly rows: number
  readonly columns: number
  readonly starts: Int32Array
  readonly indices: Int32Array
}

/**
 * For every row the first row with the same token set, itself when it is the first; -1 for rows without tokens. Expected time
 * linear in the tokens.
 */
export function firstOfEqualSets(sets: TokenSets): Int32Array {
  const first = new Int32Array(sets.rows).fill(-1)
  const newest = new Map<number, number>()
  /** Of the distinct sets with one hash: the one before. */
  const before = new Int32Array(sets.rows).fill(-1)
  for (let row = 0; row < sets.rows; row += 1) {
    if (sets.starts[row] === sets.starts[row + 1]) continue
    const hash = hashOf(sets, row)
    let other = newest.get(hash) ?? -1
    while (other >= 0 && !equalSets(sets, other, row)) other = before[other] as number
    first[row] = other >= 0 ? other : row
    if (other >= 0) continue
    before[row] = newest.get(hash) ?? -1
    newest.set(hash, row)
  }
  return first
}

/** 32-bit FNV-1a over the token numbers. */
function hashOf({ starts, indices }: TokenSets, row: number): number {
  let hash = 0x811c9dc5
  const end = starts[row + 1] as number
  for (let at = starts[row] as number; at < end; at += 1) {
    const token = indices[at] as number
    hash = Math.imul(hash ^ (token & 0xffff), 0x01000193)
    hash = Math.imul(hash ^ (token >>> 16), 0x01000193)
  }
  return hash
}

function equalSets({ starts, indices }: TokenSets, a: number, b: number): boolean {
  const from = starts[a] as number
  const shift = (starts[b] as number) - from
  const end = starts[a + 1] as number
  if ((starts[b + 1] as number) - shift !== end) return false
  for (let at = from; at < end; at += 1) if (indices[at] !== indices[at + shift]) return false
  return true
}
