import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { RecommendationConfigSchema, toRecommendationConfig } from './config.ts'
import { createRecommendationService } from './service.ts'

await runService({
  name: 'recommendation',
  version: manifest.version,
  schema: RecommendationConfigSchema,
  env: process.env,
  startsWithoutOnlineStore: true,
  create: (variables, dependencies) => createRecommendationService(toRecommendationConfig(variables), dependencies),
})
