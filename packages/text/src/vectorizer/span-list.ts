/** Numbered spans of one text, in UTF-16 units; the arrays grow and are used again for the next text. */
export class SpanList {
  length = 0
  ids = new Int32Array(256)
  starts = new Int32Array(256)
  ends = new Int32Array(256)

  push(id: number, start: number, end: number): void {
    if (this.length === this.ids.length) this.grow()
    this.ids[this.length] = id
    this.starts[this.length] = start
    this.ends[this.length] = end
    this.length += 1
  }

  private grow(): void {
    this.ids = grown(this.ids, 2 * this.length)
    this.starts = grown(this.starts, 2 * this.length)
    this.ends = grown(this.ends, 2 * this.length)
  }
}

/** A longer copy. */
export function grown(values: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length)
  copy.set(values)
  return copy
}
