/**
 * Dense integers for the item ids of one tenant, given out at first sight and never taken back, so that catalogue, content
 * index, counts and models can all keep their numbers in flat arrays of one index space.
 */
export class ItemTable {
  private readonly indices = new Map<string, number>()
  private readonly ids: string[] = []

  get size(): number {
    return this.ids.length
  }

  /** The item's index; undefined for an id that nothing has spoken of. */
  indexOf(id: string): number | undefined {
    return this.indices.get(id)
  }

  intern(id: string): number {
    const known = this.indices.get(id)
    if (known !== undefined) return known
    const index = this.ids.length
    this.indices.set(id, index)
    this.ids.push(id)
    return index
  }

  idAt(index: number): string {
    const id = this.ids[index]
    if (id === undefined) throw new RangeError(`item index ${index} is outside 0..${this.ids.length - 1}`)
    return id
  }
}
