import { Type, type Static } from 'typebox'
import { logLevels } from '../logger.ts'
import { StoresSchema } from './store-config.ts'

/** What every process with an HTTP server reads from its environment. */
export const HttpProcessSchema = Type.Object({
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'Port of the HTTP server; 0 takes a free one.',
  }),
  RAPPORT_HOST: Type.String({ default: '127.0.0.1', description: 'Address that the HTTP server binds.' }),
  RAPPORT_LOG_LEVEL: Type.Enum(logLevels, { default: 'info', description: 'Least level that is logged.' }),
  RAPPORT_LOG_PRETTY: Type.Boolean({ default: false, description: 'Log lines for people instead of JSON.' }),
  RAPPORT_STOP_SECONDS: Type.Integer({
    default: 10,
    minimum: 0,
    maximum: 600,
    description: 'How long requests in flight may take when the process stops.',
  }),
})

/** How long a process waits for what it needs. */
export const StartSchema = Type.Object({
  RAPPORT_START_WAIT_SECONDS: Type.Number({
    default: 300,
    minimum: 0,
    maximum: 86_400,
    description:
      'How long a start is tried again while Kafka, Redis or S3 do not answer; meanwhile `/health/live` says 200 and `/health/ready` 503. What they refuse ends it at once.',
  }),
})

/** What every process with services reads from its environment. */
export const PlatformConfigSchema = Type.Object({
  ...HttpProcessSchema.properties,
  ...StoresSchema.properties,
  RAPPORT_KEY_RATE_PER_SECOND: Type.Integer({
    default: 100_000,
    minimum: 1,
    description: 'Events and calls a second that one API key may send to one process, in the long run.',
  }),
  RAPPORT_KEY_BURST: Type.Integer({
    default: 200_000,
    minimum: 1,
    description: 'Events and calls that one API key may send to one process at once.',
  }),
  RAPPORT_KEY_POLL_SECONDS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3_600,
    description:
      'How often the keys are compared with the object store, whatever is announced: the longest that a revoked key serves.',
  }),
})
export type PlatformConfig = Static<typeof PlatformConfigSchema>
