import { PlatformConfigSchema, runService } from '@rapport/service-kit'
import { Type } from 'typebox'
import { ControlConfigSchema, toControlConfig } from './config.ts'
import { createControlService } from './service.ts'

await runService({
  name: 'control',
  version: '0.1.0',
  schema: Type.Object({ ...PlatformConfigSchema.properties, ...ControlConfigSchema.properties }),
  env: process.env,
  create: (variables, dependencies) => createControlService(toControlConfig(variables), dependencies),
})
