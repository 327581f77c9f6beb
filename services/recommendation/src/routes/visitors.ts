import { RecommendationRequestSchema, RecommendationResponseSchema } from '@rapport/contracts'
import { sendRendered, type HttpApp } from '@rapport/service-kit'
import { addOpinions } from '../application/add-opinions.ts'
import type { RecommendationContext } from '../application/context.ts'
import { expose, exposureFieldsOf } from '../application/expose.ts'
import { recommendForVisitor } from '../application/recommend-for-visitor.ts'

const schema = {
  summary: 'Recommend to a visitor',
  description: `Made at the moment of the call from what the visitor has done until then. Items that the visitor bought are left out at
once, and so are those viewed or added, unless \`repeats\` is true; of these only what was viewed or added may come back, and only where the
answer would otherwise stay too short. An item that the visitor gave two stars or fewer, or has last spoken of badly without stars, is never shown, nor a reason for another. An unknown visitor gets what is popular and what rises.`,
  body: RecommendationRequestSchema,
  response: { 200: RecommendationResponseSchema },
}

/** `POST /v1/recommendations`. */
export function addVisitorRoute(app: HttpApp, context: RecommendationContext): void {
  app.post('/v1/recommendations', { config: { scope: 'recommend' }, schema }, async (request, reply) => {
    const { tenant } = request.principal
    const { body } = request
    const ranked = await recommendForVisitor(context, tenant, body)
    const response = body.explain === true ? await addOpinions(context, tenant, ranked) : ranked
    expose(
      context,
      {
        tenant,
        ...(body.userId === undefined ? {} : { userId: body.userId }),
        ...(body.anonymousId === undefined ? {} : { anonymousId: body.anonymousId }),
        ...(body.scenario === undefined ? {} : { scenario: body.scenario }),
        ...(body.context === undefined ? {} : { context: body.context }),
      },
      {
        recommendationId: response.recommendationId,
        exposureFields: exposureFieldsOf(response),
        cached: false,
      },
    )
    return sendRendered(reply, JSON.stringify(response))
  })
}
