import {
  ConfigError,
  describeVariables,
  readConfig,
  type StoresConfig,
} from '../../../packages/service-kit/src/index.ts'
import { requireServers } from '../../../packages/service-kit/src/process/connect-drivers.ts'
import type { TObject } from 'typebox'
import type { VariableSource } from './environment.ts'

/** Variables that Node itself reads, and TensorFlow and CUDA. */
const ofTheRuntime = new Set(['NODE_OPTIONS', 'TF_FORCE_GPU_ALLOW_GROWTH', 'CUDA_CACHE_PATH'])
/** OpenTelemetry's own. */
const ofTelemetry = /^OTEL_/
/** Values that have the form of the secret ones. */
const samples: Readonly<Record<string, string>> = {
  RAPPORT_REDIS_URL: 'redis://rapport:password@redis:6379',
  RAPPORT_ADMIN_KEY: `rpt_${'A'.repeat(43)}`,
}

/**
 * What a service's process would say of its variables, by its own schema: one that it does not read, one that is missing or
 * has no valid value, a secret that stands in the manifests, a store that is not named.
 */
export function checkVariables(schema: TObject, variables: ReadonlyMap<string, VariableSource>): readonly string[] {
  const known = new Map(describeVariables(schema).map((variable) => [variable.name, variable]))
  const problems: string[] = []
  for (const [name, source] of variables) {
    if (ofTheRuntime.has(name) || ofTelemetry.test(name)) continue
    const variable = known.get(name)
    if (variable === undefined) problems.push(`${name} is read by nobody`)
    else if (variable.secret && source.from === 'text') problems.push(`${name} is secret and stands in the manifests`)
  }
  const env = Object.fromEntries(
    [...variables].map(([name, source]) => [name, source.from === 'text' ? source.text : (samples[name] ?? 'secret')]),
  )
  return [...problems, ...refusals(schema, env)]
}

function refusals(schema: TObject, env: Readonly<Record<string, string>>): readonly string[] {
  try {
    const config = readConfig(schema, env) as StoresConfig
    if ('RAPPORT_KAFKA_CLIENT' in schema.properties) {
      requireServers(config)
      return loginProblems(config)
    }
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ variable, reason }) => `${variable} ${reason}`)
  }
}

function loginProblems(config: StoresConfig): readonly string[] {
  if (config.RAPPORT_KAFKA_SASL === undefined) return []
  const needed = ['RAPPORT_KAFKA_USERNAME', 'RAPPORT_KAFKA_PASSWORD'] as const
  return needed
    .filter((name) => config[name] === undefined)
    .map((name) => `${name} is required with RAPPORT_KAFKA_SASL`)
}
