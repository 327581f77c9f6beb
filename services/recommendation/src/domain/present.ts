import type { RecommendedItem } from '@rapport/contracts'
import type { Answer } from './answer.ts'
import type { ModelView } from './model-view.ts'
import { Reasons } from './reasons.ts'
import type { TenantIndex } from './tenant-index.ts'

/** Six decimals: more would be the noise of 32-bit sums. */
const round = (score: number): number => Math.round(score * 1e6) / 1e6

/** The answer's items as the caller gets them. To be called before the view serves another request. */
export function presentItems(
  shop: TenantIndex,
  view: ModelView | undefined,
  { answer, explain }: { readonly answer: Answer; readonly explain: boolean },
): RecommendedItem[] {
  const reasons = explain ? new Reasons(shop, view, answer) : undefined
  return answer.candidates.map((candidate) => {
    const { index, score, source } = candidate
    const id = shop.table.idAt(index)
    const properties = shop.catalogue.entryAt(index)?.body
    return {
      id,
      score: round(score),
      source,
      ...(reasons === undefined ? {} : { reasons: reasons.of(candidate) }),
      ...(properties === undefined ? {} : { properties }),
    }
  })
}
