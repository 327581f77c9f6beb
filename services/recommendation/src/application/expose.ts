import type { Exposure, RecommendationResponse } from '@rapport/contracts'
import type { RecommendationContext } from './context.ts'
import { exposureKey } from './publish-exposures.ts'

/** Who was shown an answer, and where. */
export type Audience = Pick<Exposure, 'tenant' | 'userId' | 'anonymousId' | 'scenario' | 'context'>

/** The fields of an exposure that depend on the answer alone, as the inside of a JSON object. */
export function exposureFieldsOf({
  recommendationId,
  model,
  strategy,
  degraded,
  items,
}: RecommendationResponse): Uint8Array {
  const fields: Omit<Exposure, 'tenant' | 'shownAt'> = {
    recommendationId,
    model,
    strategy,
    ...(degraded === undefined ? {} : { degraded }),
    items: items.map(({ id, score, source }) => ({ id, score, source })),
  }
  return Buffer.from(JSON.stringify(fields).slice(1, -1))
}

export interface Showing {
  readonly recommendationId: string
  readonly exposureFields: Uint8Array
  readonly cached: boolean
}

/** Notes that an answer goes out to somebody. */
export function expose({ exposures, clock }: RecommendationContext, audience: Audience, showing: Showing): void {
  const { recommendationId, exposureFields, cached } = showing
  const head = JSON.stringify(audience).slice(0, -1)
  const tail = `,"shownAt":"${new Date(clock.now()).toISOString()}"${cached ? ',"cached":true' : ''},`
  exposures.add({ key: exposureKey(audience, recommendationId), head: head + tail, fields: exposureFields })
}
