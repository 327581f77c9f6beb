import type { Catalogue } from './catalogue.ts'
import { IndexMarks } from './index-marks.ts'
import type { EntryTest } from './item-filter.ts'

/**
 * What one answer may show, by item index: what stands in the catalogue and is available, passes the request's filter,
 * is not barred, has not been seen and has not been chosen before. One instance serves one tenant's requests one after the other.
 */
export class ShowRules {
  private readonly catalogue: Catalogue
  private readonly barred = new IndexMarks()
  private readonly seen = new IndexMarks()
  private filter: EntryTest | undefined
  private hidesSeen = true

  constructor(catalogue: Catalogue) {
    this.catalogue = catalogue
  }

  begin(filter: EntryTest | undefined): void {
    this.barred.clear()
    this.seen.clear()
    this.filter = filter
    this.hidesSeen = true
  }

  /** Keeps an item out of the answer whatever happens; an unknown item needs no bar. */
  bar(index: number | undefined): void {
    if (index !== undefined) this.barred.add(index)
  }

  hideSeen(index: number | undefined): void {
    if (index !== undefined) this.seen.add(index)
  }

  /** From here on, items that were seen (but not barred) may fill an answer that would stay too short. */
  showSeen(): void {
    this.hidesSeen = false
  }

  allows(index: number): boolean {
    if (this.barred.has(index) || (this.hidesSeen && this.seen.has(index))) return false
    if (!this.catalogue.mayShow(index)) return false
    if (this.filter === undefined) return true
    const entry = this.catalogue.entryAt(index)
    return entry !== undefined && this.filter(entry)
  }
}
