import { HttpProcessSchema, runHttpProcess } from '@rapport/service-kit'
import manifest from '../package.json' with { type: 'json' }
import { Type } from 'typebox'
import { GatewayConfigSchema } from './config.ts'
import { createGateway } from './gateway.ts'

await runHttpProcess({
  name: 'gateway',
  schema: Type.Object({ ...GatewayConfigSchema.properties, ...HttpProcessSchema.properties }),
  env: process.env,
  create: (config, { log, metrics }) =>
    createGateway(config, { log, metrics, version: manifest.version, stopMs: config.RAPPORT_STOP_SECONDS * 1000 }),
})
