import { describe, expect, it } from 'vitest'
import { isTracingConfigured, recordedShare, tracingDefaults } from './tracing-environment.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

describe('isTracingConfigured', () => {
  it.each([
    ['an endpoint', endpoint],
    ['an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }],
    ['exporters', { OTEL_TRACES_EXPORTER: 'console' }],
    ['a configuration file', { OTEL_CONFIG_FILE: 'otel.yaml' }],
    ['an SDK that is not disabled', { ...endpoint, OTEL_SDK_DISABLED: 'false' }],
  ])('is so with %s', (_name, env) => {
    expect(isTracingConfigured(env)).toBe(true)
  })

  it.each([
    ['nothing', {}],
    ['an empty endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['an SDK that is disabled', { ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }],
    ['no exporter', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }],
    ['an endpoint for metrics alone', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector:4318/v1/metrics' }],
  ])('is not so with %s', (_name, env) => {
    expect(isTracingConfigured(env)).toBe(false)
  })
})

describe('tracingDefaults', () => {
  it('stands in for what is not given alone', () => {
    expect(tracingDefaults({ OTEL_PROPAGATORS: 'b3', OTEL_SERVICE_NAME: '' })).toEqual({
      OTEL_LOG_LEVEL: 'warn',
      OTEL_NODE_RESOURCE_DETECTORS: 'service,host',
      OTEL_SERVICE_NAME: 'rapport',
    })
    expect(tracingDefaults({ OTEL_SERVICE_NAME: 'ingestion' })).not.toHaveProperty('OTEL_SERVICE_NAME')
  })

  it('leaves the name to the resource where that has one', () => {
    const named = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test, service.name=shop' }
    expect(tracingDefaults(named)).not.toHaveProperty('OTEL_SERVICE_NAME')
  })
})

describe('recordedShare', () => {
  const ratio = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }
  it.each([
    ['a ratio of them', { ...ratio, OTEL_TRACES_SAMPLER_ARG: ' 0.05 ' }, 0.05],
    ['none', { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0],
  ])('is what a sampler says that leaves %s', (_name, env, share) => {
    expect(recordedShare(env)).toBe(share)
  })

  it.each([
    ['where there is no sampler', {}],
    ['of one that does not heed the caller', { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.05' }],
    ['of a ratio that is none', { ...ratio, OTEL_TRACES_SAMPLER_ARG: '5 %' }],
    ['of one that is too large', { ...ratio, OTEL_TRACES_SAMPLER_ARG: '5' }],
    ['of one that is not given', ratio],
    ['beside a configuration file', { OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_CONFIG_FILE: 'otel.yaml' }],
  ])('is left to the SDK %s', (_name, env) => {
    expect(recordedShare(env)).toBeUndefined()
  })
})
