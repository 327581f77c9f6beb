/** A fixed-size set of small integers, one bit each. */
export class Bitset {
  readonly size: number
  readonly words: Uint32Array

  constructor(size: number) {
    this.size = size
    this.words = new Uint32Array((size + 31) >>> 5)
  }

  has(index: number): boolean {
    return (((this.words[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1
  }

  /** Adds `index`; one outside the set is ignored. */
  add(index: number): void {
    if (index < 0 || index >= this.size) return
    this.words[index >>> 5] = (this.words[index >>> 5] ?? 0) | (1 << (index & 31))
  }

  delete(index: number): void {
    if (index < 0 || index >= this.size) return
    this.words[index >>> 5] = (this.words[index >>> 5] ?? 0) & ~(1 << (index & 31))
  }

  /** How many numbers the set holds. */
  count(): number {
    let total = 0
    for (let word of this.words) for (; word !== 0; word &= word - 1) total += 1
    return total
  }

  clear(): void {
    this.words.fill(0)
  }

  /** Makes this set equal to `other`, which must have the same size. */
  copyFrom(other: Bitset): void {
    this.words.set(other.words)
  }
}
