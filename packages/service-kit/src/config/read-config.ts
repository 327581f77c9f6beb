import type { Static, TObject, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { describeVariables, type Variable } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads configuration from the environment. The schema's properties are the variables' names; numbers, integers,
 * booleans (`true`, `false`, `1`, `0`) and comma-separated arrays are made from text, an empty variable counts as not
 * set, and `default` stands in for what is not set. Mark what must never be printed with `secret: true`.
 * @throws ConfigError with all problems at once.
 */
export function readConfig<Schema extends TObject>(schema: Schema, env: Environment): Static<Schema> {
  const problems: ConfigProblem[] = []
  const config: Record<string, unknown> = {}
  for (const variable of describeVariables(schema)) {
    const text = env[variable.name]
    if (text === undefined || text.trim() === '') {
      if (variable.default !== undefined) config[variable.name] = structuredClone(variable.default)
      else if (variable.required) problems.push({ variable: variable.name, reason: 'is required and not set' })
      continue
    }
    const value = fromText(text.trim(), variable.schema)
    const reason = value === undefined ? `must be ${variable.type}` : refusal(variable.schema, value)
    if (reason === undefined) config[variable.name] = value
    else problems.push({ variable: variable.name, reason: reason + shown(variable, text) })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config as Static<Schema>
}

/** The variables of a configuration as text again, for a process that is to read them; those that are not set are left out. */
export function toEnvironment<Schema extends TObject>(schema: Schema, config: Static<Schema>): Record<string, string> {
  const values = config as Readonly<Record<string, unknown>>
  const set = Object.keys(schema.properties).filter((name) => values[name] !== undefined)
  return Object.fromEntries(set.map((name) => [name, String(values[name])]))
}

const shown = (variable: Variable, text: string): string =>
  variable.secret ? ' (the value is secret and not shown)' : `, not ${JSON.stringify(text)}`

function refusal(schema: TSchema, value: unknown): string | undefined {
  if (Value.Check(schema, value)) return undefined
  return Value.Errors(schema, value)
    .map((error) => error.message)
    .join(' and ')
}

function fromText(text: string, schema: TSchema): unknown {
  const type: unknown = Reflect.get(schema, 'type')
  if (type === 'number' || type === 'integer')
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
  if (type === 'boolean')
    return ({ true: true, '1': true, false: false, '0': false } as Record<string, boolean>)[text.toLowerCase()]
  if (type === 'array') {
    const items = (schema as unknown as { items: TSchema }).items
    const values = text.split(',').map((part) => fromText(part.trim(), items))
    return values.includes(undefined) ? undefined : values
  }
  return text
}
