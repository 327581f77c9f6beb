import {
  RankingQuerySchema,
  RecommendationIdParamsSchema,
  RecommendationResponseSchema,
  SimilarItemsQuerySchema,
  type RecommendationResponse,
} from '@rapport/contracts'
import { ErrorRef, sendRendered, type HttpApp } from '@rapport/service-kit'
import type { RecommendationContext } from '../application/context.ts'
import { expose, exposureFieldsOf } from '../application/expose.ts'
import { recommendRanking, recommendSimilar } from '../application/recommend-items.ts'

const config = { scope: 'recommend' } as const

/** `GET /v1/recommendations/items/{id}/similar`, `…/popular` and `…/trending`. */
export function addItemRoutes(app: HttpApp, context: RecommendationContext): void {
  addSimilarRoute(app, context)
  addRankingRoute(app, context, 'popular')
  addRankingRoute(app, context, 'trending')
}

function addSimilarRoute(app: HttpApp, context: RecommendationContext): void {
  const schema = {
    summary: 'Items that go with an item',
    description: `\`similar\`: behaviour and content together, so that an item nobody has seen yet has and is a neighbour too.
\`alsoViewed\` and \`alsoBought\`: what visitors of the item viewed or bought as well; where that is too little, items say by their
\`source\` that something else put them there.`,
    params: RecommendationIdParamsSchema,
    querystring: SimilarItemsQuerySchema,
    response: { 200: RecommendationResponseSchema, 404: ErrorRef },
  }
  app.get('/v1/recommendations/items/:id/similar', { config, schema }, async (request, reply) => {
    const { kind, count, category, scenario } = request.query
    const { tenant } = request.principal
    const response = await recommendSimilar(context, { tenant, itemId: request.params.id, kind, count, category })
    note(context, { tenant, scenario }, response)
    return sendRendered(reply, JSON.stringify(response))
  })
}

const rankings = {
  popular: {
    summary: 'What is popular',
    description: 'Views, carts and orders of the last 30 days, weighted; a day counts half after each week.',
  },
  trending: {
    summary: 'What rises',
    description:
      'The last 24 hours against what the days before let expect. Both end at the newest event that the platform has seen.',
  },
} as const

function addRankingRoute(app: HttpApp, context: RecommendationContext, ranking: 'popular' | 'trending'): void {
  const schema = {
    ...rankings[ranking],
    querystring: RankingQuerySchema,
    response: { 200: RecommendationResponseSchema },
  }
  app.get(`/v1/recommendations/${ranking}`, { config, schema }, async (request, reply) => {
    const { count, category, scenario } = request.query
    const { tenant } = request.principal
    const response = await recommendRanking(context, ranking, { tenant, count, category })
    note(context, { tenant, scenario }, response)
    return sendRendered(reply, JSON.stringify(response))
  })
}

function note(
  context: RecommendationContext,
  { tenant, scenario }: { readonly tenant: string; readonly scenario: string | undefined },
  response: RecommendationResponse,
): void {
  expose(
    context,
    { tenant, ...(scenario === undefined ? {} : { scenario }) },
    { recommendationId: response.recommendationId, exposureFields: exposureFieldsOf(response), cached: false },
  )
}
