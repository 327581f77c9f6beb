import { hash } from 'node:crypto'

/** What is remembered of the first row with a text. */
export interface FirstRow {
  readonly row: number
  readonly labels: number
}

const initialSlots = 1 << 12
const wordsPerDigest = 4

/**
 * Texts that were seen, by 128 bits of their SHA-256: open addressing in typed arrays, 24 bytes a slot and at most three
 * quarters of the slots taken. Two of a billion different texts share a digest with a chance of one in 10^21.
 */
export class TextDigests {
  #slots = initialSlots
  #digests = new Uint32Array(initialSlots * wordsPerDigest)
  /** 0: the slot is free. */
  #rows = new Uint32Array(initialSlots)
  #labels = new Uint32Array(initialSlots)
  #size = 0

  /**
   * The first row with this text; undefined when there is none, and then this one is remembered.
   * @param row From 1 to 2^32 - 1; `labels` is any number of 32 bits.
   */
  note(text: string, { row, labels }: FirstRow): FirstRow | undefined {
    const bytes = hash('sha256', text, 'buffer')
    const digest = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)]
    const slot = this.#find(digest)
    const standing = this.#rows[slot] ?? 0
    if (standing > 0) return { row: standing, labels: this.#labels[slot] ?? 0 }
    this.#digests.set(digest, slot * wordsPerDigest)
    this.#rows[slot] = row
    this.#labels[slot] = labels
    this.#size += 1
    if (this.#size * 4 > this.#slots * 3) this.#grow()
    return undefined
  }

  /** The slot of a digest, or the free one where it belongs. */
  #find(digest: ArrayLike<number>): number {
    let slot = (digest[0] ?? 0) & (this.#slots - 1)
    while ((this.#rows[slot] ?? 0) > 0 && !this.#isAt(slot, digest)) slot = (slot + 1) & (this.#slots - 1)
    return slot
  }

  #isAt(slot: number, digest: ArrayLike<number>): boolean {
    const at = slot * wordsPerDigest
    for (let word = 0; word < wordsPerDigest; word++) if (this.#digests[at + word] !== digest[word]) return false
    return true
  }

  #grow(): void {
    const [digests, rows, labels] = [this.#digests, this.#rows, this.#labels]
    this.#slots *= 2
    this.#digests = new Uint32Array(this.#slots * wordsPerDigest)
    this.#rows = new Uint32Array(this.#slots)
    this.#labels = new Uint32Array(this.#slots)
    for (let old = 0; old < rows.length; old++) {
      if (rows[old] === 0) continue
      const digest = digests.subarray(old * wordsPerDigest, (old + 1) * wordsPerDigest)
      const slot = this.#find(digest)
      this.#digests.set(digest, slot * wordsPerDigest)
      this.#rows[slot] = rows[old] ?? 0
      this.#labels[slot] = labels[old] ?? 0
    }
  }
}
