import { runService } from '@rapport/service-kit'
import { RecommendationConfigSchema, toRecommendationConfig } from './config.ts'
import { createRecommendationService } from './service.ts'

await runService({
  name: 'recommendation',
  version: '0.1.0',
  schema: RecommendationConfigSchema,
  env: process.env,
  create: (variables, dependencies) => createRecommendationService(toRecommendationConfig(variables), dependencies),
})
