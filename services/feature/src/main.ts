import { runService } from '@rapport/service-kit'
import { FeatureConfigSchema, toFeatureConfig } from './config.ts'
import { createFeatureService } from './service.ts'

await runService({
  name: 'feature',
  version: '0.1.0',
  schema: FeatureConfigSchema,
  env: process.env,
  create: (variables, dependencies) => createFeatureService(toFeatureConfig(variables), dependencies),
})
