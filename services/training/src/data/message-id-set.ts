import { hash } from 'node:crypto'

/**
 * Which messageIds were seen, as 48-bit digests in an open-addressing table: 16 bytes an id at most. Two of ten million
 * ids share a digest with a probability of 16 %; the later of them would be taken for a copy of the earlier.
 */
export class MessageIdSet {
  #slots = new Float64Array(1024).fill(-1)
  #size = 0

  /** False when the id was there already. */
  add(messageId: string): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow()
    const digest = hash('sha1', messageId, 'buffer').readUIntBE(0, 6)
    const slot = this.#find(digest)
    if (this.#slots[slot] === digest) return false
    this.#slots[slot] = digest
    this.#size += 1
    return true
  }

  #find(digest: number): number {
    const mask = this.#slots.length - 1
    // The low 32 bits of the digest are uniform.
    let slot = (digest >>> 0) & mask
    while (this.#slots[slot] !== -1 && this.#slots[slot] !== digest) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Float64Array(before.length * 2).fill(-1)
    for (const digest of before) if (digest !== -1) this.#slots[this.#find(digest)] = digest
  }
}
