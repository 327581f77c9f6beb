import type { RecommendationResponse } from '@rapport/contracts'
import { opinionReasons } from '../domain/opinions.ts'
import type { RecommendationContext } from './context.ts'

/** The answer with what others say of its items among the reasons; as it is where the store is down or slow. */
export async function addOpinions(
  { state, clock }: Pick<RecommendationContext, 'state' | 'clock'>,
  tenant: string,
  response: RecommendationResponse,
): Promise<RecommendationResponse> {
  if (response.degraded === true || response.items.length === 0) return response
  const ids = response.items.map(({ id }) => id)
  const opinions = await state.attempt((reader) => reader.readOpinions(tenant, ids, clock.now()))
  if (opinions === undefined) return response
  const items = response.items.map((item, at) => {
    const opinion = opinions[at]
    const more = opinion === undefined ? [] : opinionReasons(opinion)
    return more.length === 0 ? item : { ...item, reasons: [...(item.reasons ?? []), ...more] }
  })
  return { ...response, items }
}
