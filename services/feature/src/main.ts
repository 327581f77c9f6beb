import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { FeatureConfigSchema, toFeatureConfig } from './config.ts'
import { createFeatureService } from './service.ts'

await runService({
  name: 'feature',
  version: manifest.version,
  schema: FeatureConfigSchema,
  env: process.env,
  create: (variables, dependencies) => createFeatureService(toFeatureConfig(variables), dependencies),
})
