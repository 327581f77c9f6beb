import type { Environment } from '../config/read-config.ts'

/**
 * What the SDK is to read from its environment, where that is not given: who the process is for traces, what its resource
 * says (nothing of the command line or who started it), and no baggage, which is the caller's and would come into records.
 */
const defaults = {
  OTEL_LOG_LEVEL: 'warn',
  OTEL_NODE_RESOURCE_DETECTORS: 'service,host',
  OTEL_PROPAGATORS: 'tracecontext',
}

/** Whether the environment says where traces go: an OTLP endpoint, other exporters, or a configuration file. */
export function isTracingConfigured(env: Environment): boolean {
  if (given(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return false
  if (given(env, 'OTEL_CONFIG_FILE') !== undefined) return true
  const exporters = given(env, 'OTEL_TRACES_EXPORTER')
  if (exporters !== undefined) return exporters !== 'none'
  return ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].some(
    (name) => given(env, name) !== undefined,
  )
}

/** The variables that are to be set before the SDK starts. */
export function tracingDefaults(env: Environment): Record<string, string> {
  const isNamed = /(^|,)\s*service\.name\s*=/.test(given(env, 'OTEL_RESOURCE_ATTRIBUTES') ?? '')
  const all = { ...defaults, ...(isNamed ? {} : { OTEL_SERVICE_NAME: 'rapport' }) }
  return Object.fromEntries(Object.entries(all).filter(([name]) => given(env, name) === undefined))
}

/**
 * Which share of the traces that begin in this process is recorded, where that is all that the sampler has to say of them;
 * `undefined` where it has to be asked itself.
 */
export function recordedShare(env: Environment): number | undefined {
  if (given(env, 'OTEL_CONFIG_FILE') !== undefined) return undefined
  const sampler = given(env, 'OTEL_TRACES_SAMPLER')
  if (sampler === 'parentbased_always_off') return 0
  if (sampler !== 'parentbased_traceidratio') return undefined
  const share = Number(given(env, 'OTEL_TRACES_SAMPLER_ARG') ?? Number.NaN)
  return share >= 0 && share <= 1 ? share : undefined
}

const given = (env: Environment, name: string): string | undefined => {
  const text = env[name]?.trim()
  return text === '' ? undefined : text
}
