import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { IngestionConfigSchema, toIngestionConfig } from './config.ts'
import { createIngestionService } from './service.ts'

await runService({
  name: 'ingestion',
  version: manifest.version,
  schema: IngestionConfigSchema,
  env: process.env,
  create: (variables, dependencies) => createIngestionService(toIngestionConfig(variables), dependencies),
})
