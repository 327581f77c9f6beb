import type { RecommendationRequest, RecommendationResponse } from '@rapport/contracts'
import type { VisitorRef } from '@rapport/features'
import { randomUUID } from 'node:crypto'
import { answerVisitor, type Answer } from '../domain/answer.ts'
import { defaultEventWeights } from '../domain/behaviour-events.ts'
import { compileItemFilter } from '../domain/item-filter.ts'
import type { ModelView } from '../domain/model-view.ts'
import { presentItems } from '../domain/present.ts'
import type { TenantIndex } from '../domain/tenant-index.ts'
import { toHistory, type VisitorHistory } from '../domain/visitor-history.ts'
import { countRanked } from '../metrics.ts'
import type { RecommendationContext } from './context.ts'
import { hydrate, type Hydration } from './hydrate.ts'

export const defaultCount = 10

/** A visitor's answer, made now: hydration, rules, ranking, presentation. */
export async function recommendForVisitor(
  context: RecommendationContext,
  tenant: string,
  request: RecommendationRequest,
): Promise<RecommendationResponse> {
  const hydration = await hydrate(context, tenant, toVisitor(tenant, request))
  using _lease = hydration.lease
  return rankForVisitor(context, hydration, request)
}

/** The part after hydration. It does not wait, so it has the working memory of shop and model to itself. */
export function rankForVisitor(
  context: RecommendationContext,
  { shop, lease, state }: Hydration,
  request: RecommendationRequest,
): RecommendationResponse {
  const startedMs = performance.now()
  const view = lease?.view
  const degraded = state === 'unreadable'
  const history = toHistory(typeof state === 'string' ? undefined : state, {
    eventWeights: view?.eventWeights ?? defaultEventWeights,
    halfLifeMs: view?.bundle.historyHalfLifeMs,
    maxEvents: context.maxEvents,
    sessionItemIds: request.itemIds,
  })
  applyRules(shop, request, history)
  const answer = answerVisitor(shop, view, {
    history: history.items,
    sessionOnly: history.items.every(({ event }) => event === undefined),
    count: request.count ?? defaultCount,
  })
  const response = present({ shop, view, answer, degraded, explain: request.explain === true })
  context.metrics.rankingSeconds.observe((performance.now() - startedMs) / 1000)
  countRanked(context.metrics, answer, degraded)
  return response
}

export function toVisitor(tenant: string, request: RecommendationRequest): VisitorRef | undefined {
  const { userId, anonymousId } = request
  if (userId === undefined && anonymousId === undefined) return undefined
  return {
    tenant,
    ...(userId === undefined ? {} : { userId }),
    ...(anonymousId === undefined ? {} : { anonymousId }),
  }
}

/** Disliked items, bought ones and those of the session are barred; what else was seen may come back only to keep an answer from being short. */
function applyRules({ rules, table }: TenantIndex, request: RecommendationRequest, history: VisitorHistory): void {
  rules.begin(compileItemFilter(request.filter))
  for (const id of request.exclude ?? []) rules.bar(table.indexOf(id))
  for (const id of request.itemIds ?? []) rules.bar(table.indexOf(id))
  for (const id of history.disliked) rules.bar(table.indexOf(id))
  if (request.repeats === true) return
  for (const id of history.bought) rules.bar(table.indexOf(id))
  for (const id of history.seen) rules.hideSeen(table.indexOf(id))
}

export interface Presentation {
  readonly shop: TenantIndex
  readonly view: ModelView | undefined
  readonly answer: Answer
  readonly degraded: boolean
  readonly explain: boolean
}

export function present({ shop, view, answer, degraded, explain }: Presentation): RecommendationResponse {
  return {
    recommendationId: randomUUID(),
    items: presentItems(shop, view, { answer, explain }),
    model: view?.version ?? null,
    strategy: answer.strategy,
    ...(degraded ? { degraded: true as const } : {}),
  }
}
