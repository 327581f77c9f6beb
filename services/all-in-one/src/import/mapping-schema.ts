import { readFile } from 'node:fs/promises'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { parse } from 'yaml'

export const FieldSchema = Type.Object(
  {
    column: Type.String({ minLength: 1 }),
    type: Type.Optional(Type.Union(['string', 'number', 'boolean', 'list'].map((name) => Type.Literal(name)))),
    /** Between the entries of a list. */
    separator: Type.Optional(Type.String({ minLength: 1 })),
    /** What to write for what is read; any other value rejects the row. */
    values: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
)
/** A column by name, a column with options, or `{ constant }`. */
const SourceSchema = Type.Union([
  Type.String({ minLength: 1 }),
  FieldSchema,
  Type.Object({ constant: Type.Unknown() }, { additionalProperties: false }),
])
export type Source = Static<typeof SourceSchema>

export const FieldsSchema = Type.Record(Type.String(), SourceSchema)

export const MappingSchema = Type.Object(
  {
    /** Relative to the mapping file; the command line may name another. */
    file: Type.Optional(Type.String()),
    format: Type.Union([Type.Literal('csv'), Type.Literal('ndjson')]),
    delimiter: Type.Optional(Type.String({ minLength: 1, maxLength: 1 })),
    timestampFormat: Type.Optional(
      Type.Union([Type.Literal('iso'), Type.Literal('seconds'), Type.Literal('milliseconds')]),
    ),
    event: Type.Optional(
      Type.Object(
        {
          type: Type.Optional(Type.Union([Type.Literal('track'), Type.Literal('identify')])),
          name: Type.Optional(SourceSchema),
          userId: Type.Optional(SourceSchema),
          anonymousId: Type.Optional(SourceSchema),
          messageId: Type.Optional(SourceSchema),
          timestamp: SourceSchema,
          properties: Type.Optional(FieldsSchema),
          traits: Type.Optional(FieldsSchema),
        },
        { additionalProperties: false },
      ),
    ),
    item: Type.Optional(
      Type.Object(
        { id: SourceSchema, body: Type.Optional(FieldsSchema), attributes: Type.Optional(FieldsSchema) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)
export type Mapping = Static<typeof MappingSchema>

const mappingCheck = Compile(MappingSchema)

/** Reads a mapping file (YAML or JSON) and says what is wrong with it, field by field. */
export async function readMapping(path: string): Promise<Mapping> {
  const mapping = await readYaml(path)
  if (!mappingCheck.Check(mapping)) {
    const problems = mappingCheck
      .Errors(mapping)
      .map(({ instancePath, message }) => `  ${instancePath || '/'} ${message}`)
    throw new Error(`${path} is not a mapping:\n${problems.join('\n')}`)
  }
  if ((mapping.event === undefined) === (mapping.item === undefined)) {
    throw new Error(`${path}: a mapping has either "event" or "item"`)
  }
  if (mapping.event && mapping.event.userId === undefined && mapping.event.anonymousId === undefined) {
    throw new Error(`${path}: "event" needs "userId" or "anonymousId"`)
  }
  if (mapping.event && mapping.event.type !== 'identify' && mapping.event.name === undefined) {
    throw new Error(`${path}: "event" needs a "name", unless its "type" is "identify"`)
  }
  return mapping
}

async function readYaml(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
