import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { TextClassificationConfigSchema, toTextClassificationConfig } from './config.ts'
import { createTextClassificationService } from './service.ts'

await runService({
  name: 'text-classification',
  version: manifest.version,
  schema: TextClassificationConfigSchema,
  env: process.env,
  startsWithoutOnlineStore: true,
  create: (variables, dependencies) =>
    createTextClassificationService(toTextClassificationConfig(variables), dependencies),
})
