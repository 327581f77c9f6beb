const chunkBytes = 256 * 1024

/**
 * Lines as UTF-8 outside the heap: they wait for up to half a minute, and as strings each of them would be moved through
 * the young and into the old generation, which cost more than writing them here.
 */
export class LineBuffer {
  readonly #full: Buffer[] = []
  #chunk = Buffer.allocUnsafeSlow(chunkBytes)
  #used = 0

  /** Appends the line and gives its bytes. */
  add(line: string): number {
    if (this.#used + line.length * 3 > this.#chunk.length) this.#startChunk(line)
    const bytes = this.#chunk.write(line, this.#used, 'utf8')
    this.#used += bytes
    return bytes
  }

  /** Everything added so far. */
  toBytes(): Buffer {
    return Buffer.concat([...this.#full, this.#chunk.subarray(0, this.#used)])
  }

  #startChunk(line: string): void {
    this.#full.push(this.#chunk.subarray(0, this.#used))
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, line.length * 3))
    this.#used = 0
  }
}
