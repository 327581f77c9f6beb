import {
  RecommendationIdParamsSchema,
  RecommendationResponseSchema,
  UserRecommendationsQuerySchema,
} from '@rapport/contracts'
import { sendRendered, type HttpApp } from '@rapport/service-kit'
import { Type } from 'typebox'
import type { RecommendationContext } from '../application/context.ts'
import { recommendForUser } from '../application/recommend-for-user.ts'
import { sendNotModified } from './reply.ts'

const schema = {
  summary: 'Recommend to a user, cacheable',
  description: `The same as a POST with a user id, kept for a short while: the kept answer serves until the user does something, another
model serves, or one of its items changes. It carries an ETag for conditional requests.`,
  params: RecommendationIdParamsSchema,
  querystring: UserRecommendationsQuerySchema,
  headers: Type.Object({
    'if-none-match': Type.Optional(Type.String({ description: 'ETag of the answer that the caller holds.' })),
  }),
  response: {
    200: RecommendationResponseSchema,
    304: Type.Null({ description: 'The answer that the caller holds still stands.' }),
  },
}
/** A browser or proxy of the one caller may answer by itself for a second; freshness is promised within one. */
const cacheControl = 'private, max-age=1'

/** `GET /v1/recommendations/users/{id}`. */
export function addUserRoute(app: HttpApp, context: RecommendationContext): void {
  app.get('/v1/recommendations/users/:id', { config: { scope: 'recommend' }, schema }, async (request, reply) => {
    const { count, category, scenario } = request.query
    const { tenant } = request.principal
    const answer = await recommendForUser(context, { tenant, userId: request.params.id, count, category, scenario })
    const etag = `"${answer.recommendationId}"`
    reply.header('cache-control', answer.degraded ? 'no-store' : cacheControl).header('vary', 'authorization')
    if (answer.degraded) return sendRendered(reply, answer.body)
    reply.header('etag', etag)
    if (holds(request.headers['if-none-match'], etag)) return sendNotModified(reply)
    return sendRendered(reply, answer.body)
  })
}

/** RFC 9110, 13.1.2: a list of tags, compared weakly, or `*`. */
function holds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
