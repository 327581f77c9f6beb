import { FeaturesRequestSchema, FeaturesResponseSchema } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { FeatureReader } from '@rapport/features'
import { sendRendered, type HttpApp } from '@rapport/service-kit'
import { readFeatures } from '../application/read-features.ts'

export function addFeaturesRoutes(app: HttpApp, { reader, clock }: { reader: FeatureReader; clock: Clock }): void {
  app.post(
    '/v1/features',
    {
      config: { scope: 'features:read' },
      schema: {
        operationId: 'readFeatures',
        summary: 'Many features of many users, anonymous ids and items, now or as of a time',
        body: FeaturesRequestSchema,
        response: { 200: FeaturesResponseSchema },
      },
    },
    async (request, reply) => {
      const { tenant } = request.principal
      return sendRendered(reply, await readFeatures(reader, request.body, { tenant, nowMs: clock.now() }))
    },
  )
}
