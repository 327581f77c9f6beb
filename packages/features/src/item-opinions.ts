import type { OnlineStore } from '@rapport/online-store'
import { EntityReading } from './entity-reading.ts'
import { entities, parts } from './layout.ts'
import { topComplaint, writtenTexts } from './text-marks.ts'
import { sumInWindow } from './windows.ts'

/** What is said of an item. */
export interface ItemOpinion {
  /** How many reviews have a rating. */
  readonly ratings: number
  /** Their mean, in the scale of the reviews; 0 where there is none. */
  readonly meanRating: number
  /** What most of the newest negative texts are about, and how many of them. */
  readonly complaint?: { readonly label: string; readonly texts: number }
}

const opinionParts = [parts.ratings, parts.ratingSum, parts.sentiments, parts.textLabels]

interface OpinionRead {
  readonly tenant: string
  readonly itemIds: readonly string[]
  readonly asOfMs: number
}

/** Opinions line up with the items. One store call. */
export async function readOpinions(
  store: OnlineStore,
  { tenant, itemIds, asOfMs }: OpinionRead,
): Promise<readonly ItemOpinion[]> {
  const items = itemIds.map((id) => entities.item(tenant, id))
  const states = await store.read(items.map((entity) => ({ entity, parts: opinionParts })))
  return items.map((entity, at) => {
    const state = states[at]
    const reading = new EntityReading(state === undefined ? [] : [{ entity, state }], asOfMs)
    const ratings = sumInWindow(reading.counts(parts.ratings), 'all') ?? 0
    const sum = sumInWindow(reading.counts(parts.ratingSum), 'all') ?? 0
    const top = topComplaint(writtenTexts(reading))
    return {
      ratings,
      meanRating: ratings > 0 ? sum / ratings / 100 : 0,
      ...(top !== undefined && { complaint: { label: top.label, texts: top.texts } }),
    }
  })
}
