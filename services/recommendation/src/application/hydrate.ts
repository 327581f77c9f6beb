import type { VisitorBehaviour, VisitorRef } from '@rapport/features'
import { within } from '../adapters/deadline.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'
import type { ModelLease } from '../ports.ts'
import type { RecommendationContext } from './context.ts'

/** The visitor's state: `absent` when nobody in particular asks, `unreadable` when the store is down or slow. */
export type VisitorState = VisitorBehaviour | 'absent' | 'unreadable'

export interface Hydration {
  readonly shop: TenantIndex
  /** To be disposed by the caller. */
  readonly lease: ModelLease | undefined
  readonly state: VisitorState
}

/** Everything an answer needs from elsewhere, all at once and in time. */
export async function hydrate(
  context: RecommendationContext,
  tenant: string,
  visitor: VisitorRef | undefined,
): Promise<Hydration> {
  const [state, lease] = await Promise.all([
    visitor === undefined ? Promise.resolve<VisitorState>('absent') : readState(context, visitor),
    context.models.acquire(tenant),
    firstTrends(context, tenant),
  ])
  return { shop: context.shops.of(tenant), lease, state }
}

const readState = async (context: RecommendationContext, visitor: VisitorRef): Promise<VisitorState> =>
  (await context.state.readVisitor(visitor)) ?? 'unreadable'

/** Waits only where a tenant's counts have never been read, and not for long. */
function firstTrends({ trends, firstTrendsMs, log }: RecommendationContext, tenant: string): Promise<void> | undefined {
  const first = trends.touch(tenant)
  if (first === undefined) return undefined
  return within(first, firstTrendsMs, 'The online store').catch((error: unknown) => {
    log.debug({ err: error, tenant }, 'an answer went out before the trends were read')
  })
}
