import type { Item } from '@rapport/contracts'
import { TopK } from '@rapport/ml'
import { Catalogue } from './catalogue.ts'
import { ContentIndex } from './content-index.ts'
import { ItemTable } from './item-table.ts'
import { ShowRules } from './show-rules.ts'
import { noTrends, type Trends } from './trend-windows.ts'

/** Items that one answer can hold, at most. */
export const maxCount = 200

/** Everything held in memory for one tenant's answers, and their working memory. */
export class TenantIndex {
  readonly tenant: string
  readonly table = new ItemTable()
  readonly catalogue = new Catalogue(this.table)
  readonly content = new ContentIndex()
  readonly rules = new ShowRules(this.catalogue)
  readonly top = new TopK(maxCount)
  trends: Trends = noTrends()

  constructor(tenant: string) {
    this.tenant = tenant
  }

  /** Takes a catalogue record in; an old version changes nothing. */
  applyItem(item: Item): void {
    const index = this.catalogue.apply(item)
    if (index === undefined) return
    if (item.deleted === true) this.content.remove(index)
    else this.content.set(index, item.body)
  }

  /** The item's record is gone from the topic. */
  forgetItem(id: string): void {
    const index = this.catalogue.forget(id)
    if (index !== undefined) this.content.remove(index)
  }
}
