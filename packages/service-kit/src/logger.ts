import { trace } from '@opentelemetry/api'
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'

export type { Logger }

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LoggerOptions {
  readonly level?: LogLevel
  /** Lines for people instead of JSON. */
  readonly pretty?: boolean
  /** Where the lines go; standard output otherwise. */
  readonly destination?: DestinationStream
}

const secretFields = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-write-key',
  'x-api-key',
  'writeKey',
  'apiKey',
  'key',
  'secret',
  'password',
]
/** Who somebody is, and what somebody wrote. */
const personalFields = ['userId', 'anonymousId', 'previousId', 'email', 'traits', 'properties', 'text', 'texts']
const quoted = (field: string): string => (/^\w+$/.test(field) ? `.${field}` : `["${field}"]`)

/** The recorded span in which something is logged, under the names that OpenTelemetry gives them outside of its protocol. */
function spanFields(): object {
  const span = trace.getActiveSpan()
  if (span?.isRecording() !== true) return {}
  const { traceId, spanId } = span.spanContext()
  return { trace_id: traceId, span_id: spanId }
}

/**
 * A JSON logger. Credentials and what is personal are redacted wherever they stand at the top of an entry, one level down, or
 * in headers; whoever logs names neither to begin with.
 */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const paths = [...secretFields, ...personalFields].flatMap((field) => [
    field.includes('-') ? `["${field}"]` : field,
    `*${quoted(field)}`,
    `req.headers${quoted(field)}`,
    `res.headers${quoted(field)}`,
  ])
  const settings = {
    name,
    level: options.level ?? 'info',
    base: {},
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths, censor: '[redacted]' },
    mixin: spanFields,
  }
  if (options.pretty === true) {
    return pino({
      ...settings,
      formatters: {},
      transport: { target: import.meta.resolve('pino-pretty'), options: { ignore: 'pid,hostname' } },
    })
  }
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination)
}
