import type { TSchema } from 'typebox'

interface Annotated {
  readonly type?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Annotated>>
  readonly items?: Annotated
  readonly anyOf?: readonly Annotated[]
}

type Convert = (value: unknown) => unknown

const integer = /^-?\d{1,16}$/
const number = /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?$/

/**
 * Turns the text of a query, a path or a header into what the schema names, strictly: `1` is an integer and `1.0`, `true`
 * or an empty string are not, so the check that follows refuses them. A single value of an array becomes one of length 1.
 * Defaults are filled in. Undefined when nothing needs to change.
 */
export function createCoercion(schema: TSchema): Convert | undefined {
  const { properties } = schema as Annotated
  if (properties === undefined) return undefined
  const steps = Object.entries(properties).flatMap(([name, property]) => {
    const convert = converterOf(property)
    return convert === undefined && property.default === undefined
      ? []
      : [{ name, convert, fallback: property.default }]
  })
  if (steps.length === 0) return undefined
  return (value) => {
    if (typeof value !== 'object' || value === null) return value
    const fields = value as Record<string, unknown>
    for (const { name, convert, fallback } of steps) {
      const given = fields[name]
      if (given === undefined) {
        if (fallback !== undefined) fields[name] = fallback
      } else if (convert !== undefined) fields[name] = convert(given)
    }
    return fields
  }
}

const isText = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value)

function converterOf(schema: Annotated): Convert | undefined {
  switch (schema.type ?? '') {
    case 'integer':
      return (value) => (isText(value, integer) && Number.isSafeInteger(Number(value)) ? Number(value) : value)
    case 'number':
      return (value) => (isText(value, number) && Number.isFinite(Number(value)) ? Number(value) : value)
    case 'boolean':
      return (value) => (value === 'true' ? true : value === 'false' ? false : value)
    case 'array': {
      const item = schema.items === undefined ? undefined : converterOf(schema.items)
      return (value) => {
        const values: unknown[] = Array.isArray(value) ? value : [value]
        return item === undefined ? values : values.map(item)
      }
    }
    default:
      return undefined
  }
}
