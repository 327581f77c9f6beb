import type { Item, ItemBody } from '@rapport/contracts'
import type { ItemTable } from './item-table.ts'

/** What a page shows of an item, and what filters look at. */
export type ShownBody = Omit<ItemBody, 'description' | 'available'>

export interface CatalogueEntry {
  readonly id: string
  readonly version: number
  readonly updatedAtMs: number
  readonly available: boolean
  readonly body: ShownBody
}

/**
 * The items of one tenant as `rapport.items.v1` tells them; of two records of an item the higher version counts. While the
 * topic tells of any item, deleted ones included, the catalogue is the authority: what is not in it is not shown. A tenant
 * without a catalogue gets everything its events speak of.
 */
export class Catalogue {
  private readonly table: ItemTable
  private readonly entries: (CatalogueEntry | undefined)[] = []
  private readonly deletedVersions = new Map<number, number>()
  /** Indices in the order of their items' first appearance, each once: readers keep their place in it. */
  readonly arrivals: number[] = []
  private readonly arrived = new Set<number>()
  private standing = 0
  private changes = 0
  private governs = false

  constructor(table: ItemTable) {
    this.table = table
  }

  /** Items that stand, the unavailable ones too. */
  get size(): number {
    return this.standing
  }

  /** True while the topic tells of any item, deleted ones included. */
  get knowsAny(): boolean {
    return this.governs
  }

  /** Grows with every change of any item. */
  get revision(): number {
    return this.changes
  }

  entryAt(index: number): CatalogueEntry | undefined {
    return this.entries[index]
  }

  /** True for an item that may be recommended under no other rule. */
  mayShow(index: number): boolean {
    return this.governs ? this.entries[index]?.available === true : true
  }

  /** The item's index when the record was newer than what stood; undefined when it changes nothing. */
  apply(item: Item): number | undefined {
    const index = this.table.intern(item.id)
    const known = this.entries[index]?.version ?? this.deletedVersions.get(index) ?? 0
    if (item.version <= known) return undefined
    this.governs = true
    this.changes += 1
    this.drop(index)
    if (item.deleted === true) this.deletedVersions.set(index, item.version)
    else this.put(index, item)
    return index
  }

  /** Forgets an item altogether (its record is gone from the topic); its index when it stood. */
  forget(id: string): number | undefined {
    const index = this.table.indexOf(id)
    if (index === undefined) return undefined
    const stood = this.entries[index] !== undefined
    this.changes += 1
    this.drop(index)
    this.deletedVersions.delete(index)
    this.governs = this.standing > 0 || this.deletedVersions.size > 0
    return stood ? index : undefined
  }

  private put(index: number, item: Item): void {
    const { description: _description, available, ...body } = item.body
    while (this.entries.length < index) this.entries.push(undefined)
    const updatedAtMs = Date.parse(item.updatedAt)
    this.entries[index] = { id: item.id, version: item.version, updatedAtMs, available: available !== false, body }
    this.deletedVersions.delete(index)
    this.standing += 1
    if (this.arrived.has(index)) return
    this.arrived.add(index)
    this.arrivals.push(index)
  }

  private drop(index: number): void {
    if (this.entries[index] === undefined) return
    this.entries[index] = undefined
    this.standing -= 1
  }
}
