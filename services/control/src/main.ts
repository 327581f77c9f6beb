import { runService } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { ControlConfigSchema, toControlConfig } from './config.ts'
import { createControlService } from './service.ts'

await runService({
  name: 'control',
  version: manifest.version,
  schema: ControlConfigSchema,
  env: process.env,
  create: (variables, dependencies) => createControlService(toControlConfig(variables), dependencies),
})
