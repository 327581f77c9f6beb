/** A set of item indices that is emptied in constant time: an index is in when it carries the running generation. */
export class IndexMarks {
  private generations = new Uint32Array(256)
  private generation = 1

  clear(): void {
    this.generation += 1
    if (this.generation <= 0xffff_ffff) return
    this.generations.fill(0)
    this.generation = 1
  }

  add(index: number): void {
    if (index >= this.generations.length) this.grow(index)
    this.generations[index] = this.generation
  }

  has(index: number): boolean {
    return this.generations[index] === this.generation
  }

  private grow(index: number): void {
    const generations = new Uint32Array(2 ** Math.ceil(Math.log2(index + 1)))
    generations.set(this.generations)
    this.generations = generations
  }
}
