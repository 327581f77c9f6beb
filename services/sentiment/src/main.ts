import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { SentimentConfigSchema, toSentimentConfig } from './config.ts'
import { createSentimentService } from './service.ts'

await runService({
  name: 'sentiment',
  version: manifest.version,
  schema: SentimentConfigSchema,
  env: process.env,
  startsWithoutOnlineStore: true,
  create: (variables, dependencies) => createSentimentService(toSentimentConfig(variables), dependencies),
})
