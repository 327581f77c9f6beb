import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ErrorDetail } from './http-error.ts'
import { createCoercion } from './coercion.ts'

/** A body, query, path or header that does not have the declared form. */
export class RequestInvalidError extends Error {
  override readonly name = 'RequestInvalidError'
  readonly statusCode = 400
  readonly details: readonly ErrorDetail[]

  constructor(details: readonly ErrorDetail[]) {
    super(details.map(({ field, reason }) => `${field} ${reason}`).join('; '))
    this.details = details
  }
}

const maxDetails = 20
/** What stands before a field's name; the fields of a body stand alone. */
const partNames: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', headers: 'headers' }

/** Compiles a route's schema once. Bodies are taken as they are; text of queries, paths and headers becomes numbers and booleans first. */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const union = discriminatedUnionOf(schema)
  if (union !== undefined) return compileUnion(union, httpPart)
  const validator = Compile(schema)
  const coerce = httpPart === 'body' ? undefined : createCoercion(schema)
  const part = httpPart ?? 'body'
  return (input: unknown) => {
    const value = coerce === undefined ? input : coerce(input)
    if (validator.Check(value)) return { value }
    return { error: new RequestInvalidError(toDetails(part, validator.Errors(value))) }
  }
}

interface UndeclaredBody {
  readonly validatorCompiler: FastifySchemaCompiler<TSchema>
}

/** For a route that reads its body itself, as a stream: the body is declared for the API document alone. */
export const undeclaredBody: UndeclaredBody = {
  validatorCompiler: (route) => (route.httpPart === 'body' ? (value: unknown) => ({ value }) : compileValidator(route)),
}

/** As `undeclaredBody`, of bodies of one content type alone. */
export const undeclaredBodyOf = (contentType: string): UndeclaredBody => ({
  validatorCompiler: (route) =>
    route.httpPart === 'body' && route.contentType === contentType
      ? (value: unknown) => ({ value })
      : compileValidator(route),
})

interface DiscriminatedUnion {
  /** The field whose value says which of the forms is meant. */
  readonly field: string
  readonly forms: ReadonlyMap<unknown, TSchema>
}

/** A union with OpenAPI's `discriminator`, whose forms name their values of that field as a constant or as an enumeration. */
function discriminatedUnionOf(schema: TSchema): DiscriminatedUnion | undefined {
  const { discriminator, anyOf = [] } = schema as {
    readonly discriminator?: { readonly propertyName: string }
    readonly anyOf?: readonly (TSchema & { readonly properties: Readonly<Record<string, ConstantSchema>> })[]
  }
  if (discriminator === undefined) return undefined
  const field = discriminator.propertyName
  const forms = anyOf.flatMap((form) => {
    const { const: value, enum: values = [value] } = form.properties[field] ?? {}
    return values.map((each) => [each, form] as const)
  })
  return { field, forms: new Map(forms) }
}

interface ConstantSchema {
  readonly const?: unknown
  readonly enum?: readonly unknown[]
}

/** The form that is meant alone is checked, so that the errors are those of that form. */
function compileUnion(
  { field, forms }: DiscriminatedUnion,
  httpPart: string | undefined,
): ReturnType<FastifySchemaCompiler<TSchema>> {
  const validators = new Map(
    [...forms].map(([value, schema]) => [
      value,
      compileValidator({ schema, ...(httpPart !== undefined && { httpPart }), method: '', url: '' }),
    ]),
  )
  const known = [...forms.keys()].map(String).join(', ')
  return (input: unknown) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      return { error: new RequestInvalidError([{ field: httpPart ?? 'body', reason: 'must be object' }]) }
    }
    const value: unknown = Reflect.get(input, field)
    const validator = validators.get(value)
    if (validator !== undefined) return validator(input) as { value: unknown }
    const reason = value === undefined ? 'is required' : `must be one of ${known}`
    return { error: new RequestInvalidError([{ field, reason }]) }
  }
}

interface SchemaProblem {
  readonly keyword: string
  readonly instancePath: string
  readonly message: string
  readonly params: object
}

function toDetails(part: string, problems: readonly SchemaProblem[]): ErrorDetail[] {
  const details = new Map<string, ErrorDetail>()
  for (const problem of problems) {
    for (const detail of detailsOf(part, problem)) {
      if (details.size < maxDetails) details.set(`${detail.field} ${detail.reason}`, detail)
    }
  }
  return [...details.values()]
}

function detailsOf(part: string, { keyword, instancePath, message, params }: SchemaProblem): ErrorDetail[] {
  const inside = instancePath.split('/').slice(1).map(unescapePointer)
  const root = partNames[part]
  const path = root === undefined ? inside : [root, ...inside]
  const names = (key: string): string[] => {
    const value: unknown = Reflect.get(params, key)
    return Array.isArray(value) ? value.map(String) : []
  }
  if (keyword === 'required') {
    return names('requiredProperties').map((name) => ({ field: [...path, name].join('.'), reason: 'is required' }))
  }
  if (keyword === 'additionalProperties') {
    return names('additionalProperties').map((name) => ({
      field: [...path, name].join('.'),
      reason: 'is not a known field',
    }))
  }
  // `false` as a schema is how `additionalProperties` refuses; the error of that keyword names the field better.
  if (keyword === 'boolean') return []
  return [{ field: path.length === 0 ? part : path.join('.'), reason: message }]
}

const unescapePointer = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')
