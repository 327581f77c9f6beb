import { grown } from './span-list.ts'

/**
 * N-grams as paths of tokens: every n-gram is a node under the n-gram without its last token, so that none is ever cut
 * out of a text as a string. An open-addressing hash table of (parent, token) in typed arrays: 20 bytes a node or so.
 */
export class NgramTable {
  size = 0
  parents: Int32Array
  tokens: Int32Array
  /** Node + 1 by slot; 0 is free. */
  private slots: Int32Array
  private mask: number

  constructor(expected = 1024) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * expected)))
    this.parents = new Int32Array(capacity / 2)
    this.tokens = new Int32Array(capacity / 2)
    this.slots = new Int32Array(capacity)
    this.mask = capacity - 1
  }

  /** The node of `token` below `parent` (-1: an n-gram of one token), or -1. */
  find(parent: number, token: number): number {
    return (this.slots[this.slotOf(parent, token)] as number) - 1
  }

  /** The same, made when it is not there. */
  intern(parent: number, token: number): number {
    const slot = this.slotOf(parent, token)
    const found = (this.slots[slot] as number) - 1
    if (found >= 0) return found
    const node = this.size
    this.parents[node] = parent
    this.tokens[node] = token
    this.slots[slot] = node + 1
    this.size += 1
    if (2 * this.size > this.mask) this.grow()
    return node
  }

  private slotOf(parent: number, token: number): number {
    const { slots, mask } = this
    let hash = Math.imul(parent, 0x9e_37_79_b1) ^ Math.imul(token, 0x85_eb_ca_77)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c_1b_3c_6d)
    let slot = (hash ^ (hash >>> 13)) & mask
    for (;;) {
      const node = (slots[slot] as number) - 1
      if (node < 0 || (this.parents[node] === parent && this.tokens[node] === token)) return slot
      slot = (slot + 1) & mask
    }
  }

  private grow(): void {
    const capacity = 2 * this.slots.length
    this.parents = grown(this.parents, capacity / 2)
    this.tokens = grown(this.tokens, capacity / 2)
    this.slots = new Int32Array(capacity)
    this.mask = capacity - 1
    for (let node = 0; node < this.size; node += 1) {
      this.slots[this.slotOf(this.parents[node] as number, this.tokens[node] as number)] = node + 1
    }
  }
}
