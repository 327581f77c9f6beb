const firstChunkBytes = 4 * 1024
const largestChunkBytes = 256 * 1024

/**
 * Lines as UTF-8 outside the heap: they wait for up to half a minute, and as strings each of them would be moved through
 * the young and into the old generation, which cost more than writing them here. Chunks begin small, because there is a
 * buffer for each tenant in each partition, and most of them hold little.
 */
export class LineBuffer {
  readonly #full: Buffer[] = []
  #chunk = Buffer.allocUnsafeSlow(firstChunkBytes)
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
    const chunkBytes = Math.min(this.#chunk.length * 2, largestChunkBytes)
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, line.length * 3))
    this.#used = 0
  }
}
