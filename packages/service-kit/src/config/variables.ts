import type { TObject, TSchema } from 'typebox'

export interface Variable {
  readonly name: string
  readonly schema: TSchema
  /** In words: `an integer`, `one of a, b`. */
  readonly type: string
  readonly description: string
  readonly default: unknown
  readonly required: boolean
  readonly secret: boolean
}

interface Annotated {
  readonly type?: string
  readonly anyOf?: readonly Annotated[]
  readonly enum?: readonly unknown[]
  readonly const?: string | number | boolean
  readonly items?: Annotated
  readonly description?: string
  readonly default?: unknown
  readonly secret?: boolean
}

/** The variables of a configuration schema, in its order. */
export function describeVariables(schema: TObject): Variable[] {
  const required = new Set<string>(Array.isArray(schema.required) ? schema.required : [])
  return Object.entries(schema.properties).map(([name, property]) => {
    const annotated = property as Annotated
    return {
      name,
      schema: property,
      type: inWords(annotated),
      description: annotated.description ?? '',
      default: annotated.default,
      required: required.has(name) && annotated.default === undefined,
      secret: annotated.secret === true,
    }
  })
}

function inWords(schema: Annotated): string {
  const choices = schema.enum ?? schema.anyOf?.map((choice) => choice.const)
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  if (schema.const !== undefined) return String(schema.const)
  if (schema.type === 'array') return `a comma-separated list (each ${inWords(schema.items ?? {})})`
  return { integer: 'an integer', number: 'a number', boolean: 'true or false' }[schema.type ?? ''] ?? 'text'
}

/** The variables as a Markdown table, for a service's documentation and `--help`. */
export function renderConfigTable(schema: TObject): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = describeVariables(schema).map((variable) => {
    const standing = variable.required
      ? 'required'
      : variable.default === undefined
        ? 'not set'
        : `\`${JSON.stringify(variable.default)}\``
    const type = variable.secret ? `${variable.type}, secret` : variable.type
    return `| \`${variable.name}\` | ${cell(type)} | ${cell(standing)} | ${cell(variable.description)} |`
  })
  return ['| variable | value | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n')
}
