import { diag, DiagLogLevel, type DiagLogFunction } from '@opentelemetry/api'
import { startNodeSdk } from '@opentelemetry/sdk-node'
import { AlwaysOnSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace'
import { createLogger } from '../logger.ts'
import { recordRoots } from './root-share.ts'
import { recordedShare, tracingDefaults } from './tracing-environment.ts'

/** Starts the SDK on this thread, configured by the standard variables. When the thread has nothing left to do, it sends its last spans. */
export function startTracing(env: NodeJS.ProcessEnv): void {
  Object.assign(env, tracingDefaults(env))
  const share = recordedShare(env)
  if (share !== undefined) recordRoots(share)
  const sdk = startNodeSdk({
    // Metrics are scraped and logs are lines: only traces go this way.
    metricReaders: [],
    logRecordProcessors: [],
    ...(share !== undefined && { sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) }),
  })
  logDiagnostics(env['OTEL_LOG_LEVEL'])
  process.once('beforeExit', () => void sdk.shutdown().catch(() => undefined))
}

/** By what stands in OTEL_LOG_LEVEL. */
const levels: Readonly<Record<string, DiagLogLevel>> = {
  NONE: DiagLogLevel.NONE,
  ERROR: DiagLogLevel.ERROR,
  WARN: DiagLogLevel.WARN,
  INFO: DiagLogLevel.INFO,
  DEBUG: DiagLogLevel.DEBUG,
  VERBOSE: DiagLogLevel.VERBOSE,
  ALL: DiagLogLevel.ALL,
}

/** What the SDK says of itself, as lines like all others. */
function logDiagnostics(level: string | undefined): void {
  const log = createLogger('tracing', { level: 'debug' })
  const write =
    (to: 'error' | 'warn' | 'info' | 'debug'): DiagLogFunction =>
    (message, ...details) =>
      details.length === 0 ? log[to](message) : log[to]({ details }, message)
  diag.setLogger(
    { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug'), verbose: write('debug') },
    { logLevel: levels[level?.trim().toUpperCase() ?? ''] ?? DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
