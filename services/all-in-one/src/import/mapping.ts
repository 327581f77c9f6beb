import { createHash } from 'node:crypto'
import { basename, dirname, resolve } from 'node:path'
import { ItemBodySchema } from '@rapport/contracts'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { ImportFile, ImportRow } from './import-row.ts'
import { rejected } from './import-row.ts'
import type { FieldSchema, FieldsSchema, Mapping, Source } from './mapping-schema.ts'
import { readMapping } from './mapping-schema.ts'
import { parseTime } from './parse-time.ts'
import type { ReadOptions } from './read-table.ts'
import { readCsv, readLines } from './read-table.ts'

const itemCheck = Compile(ItemBodySchema)

/** Any CSV or NDJSON file, by a mapping. */
export async function mapped(mappingPath: string, dataPath?: string): Promise<readonly ImportFile[]> {
  const mapping = await readMapping(mappingPath)
  const path = dataPath ?? (mapping.file === undefined ? undefined : resolve(dirname(mappingPath), mapping.file))
  if (path === undefined) throw new Error(`${mappingPath} names no "file", and none was given`)
  // One file may be mapped twice, for instance to its orders and to its customers.
  const part = `${mapping.item ? 'items' : 'events'} by ${basename(mappingPath)}`
  return [{ part, path, rows: (options) => mapRows(path, mapping, options) }]
}

async function* mapRows(path: string, mapping: Mapping, options?: ReadOptions): AsyncGenerator<ImportRow> {
  for await (const { line, fields, problem } of readRecords(path, mapping, options)) {
    if (problem !== undefined) {
      yield rejected(line, problem)
      continue
    }
    try {
      yield mapping.item ? toItem(line, fields, mapping.item) : toEvent(line, fields, mapping)
    } catch (error) {
      if (!(error instanceof RowProblem)) throw error
      yield rejected(line, error.message)
    }
  }
}

class RowProblem extends Error {}

type Fields = Readonly<Record<string, unknown>>

async function* readRecords(
  path: string,
  mapping: Mapping,
  options?: ReadOptions,
): AsyncGenerator<{ line: number; fields: Fields; problem?: string }> {
  if (mapping.format === 'csv') {
    yield* readCsv(path, { ...options, delimiter: mapping.delimiter, columns: columnsOf(mapping) })
    return
  }
  for await (const { line, text } of readLines(path, options)) {
    if (text.trim() === '') continue
    const fields = parseObject(text)
    yield fields === undefined ? { line, fields: {}, problem: 'not a JSON object' } : { line, fields }
  }
}

/** The columns that a mapping reads. */
function columnsOf({ event, item }: Mapping): readonly string[] {
  const { properties, traits, type: _type, ...ids } = event ?? {}
  const named = [ids, properties, traits, item && { id: item.id }, item?.body, item?.attributes]
  const sources: readonly Source[] = named.flatMap((fields) => Object.values<Source>(fields ?? {}))
  const columns = sources.map((source) =>
    typeof source === 'string' ? source : 'column' in source ? source.column : '',
  )
  return [...new Set(columns)].filter((column) => column !== '')
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

/** The value at a column (`a.b` reaches into an object); undefined when it is absent or empty. */
function pick(fields: Fields, column: string): unknown {
  let value: unknown = fields[column]
  if (value === undefined && column.includes('.')) {
    value = column.split('.').reduce<unknown>((at, key) => (at as Fields | undefined | null)?.[key], fields)
  }
  return value === '' || value === null ? undefined : value
}

function read(fields: Fields, source: Source): unknown {
  if (typeof source === 'string') return pick(fields, source)
  if ('constant' in source) return source.constant
  const value = pick(fields, source.column)
  if (value === undefined) return undefined
  if (source.values) {
    const text = toText(value, source.column)
    if (!Object.hasOwn(source.values, text)) throw new RowProblem(`${source.column}: no value is mapped for "${text}"`)
    return source.values[text]
  }
  return convert(value, source)
}

function toText(value: unknown, column: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new RowProblem(`${column}: expected text or a number, not ${JSON.stringify(value)}`)
}

function convert(value: unknown, { column, type, separator }: Static<typeof FieldSchema>): unknown {
  if (type === 'number') {
    const number = Number(value)
    if (!Number.isFinite(number)) throw new RowProblem(`${column}: not a number: "${String(value)}"`)
    return number
  }
  if (type === 'boolean') {
    if (!/^(true|false|0|1)$/i.test(String(value)))
      throw new RowProblem(`${column}: not true or false: "${String(value)}"`)
    return /^(true|1)$/i.test(String(value))
  }
  if (type === 'list' && !Array.isArray(value)) {
    return String(value)
      .split(separator ?? '|')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
  }
  return type === 'string' ? String(value) : value
}

function readFields(fields: Fields, sources: Static<typeof FieldsSchema> = {}): Record<string, unknown> {
  const entries = Object.entries(sources).map(([name, source]) => [name, read(fields, source)] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function readId(fields: Fields, source: Source | undefined): string | undefined {
  const value = source === undefined ? undefined : read(fields, source)
  return value === undefined ? undefined : toText(value, 'an id')
}

function toEvent(line: number, fields: Fields, mapping: Mapping): ImportRow {
  const event = mapping.event
  if (event === undefined) throw new Error('the mapping has no event')
  const userId = readId(fields, event.userId)
  const anonymousId = readId(fields, event.anonymousId)
  if (userId === undefined && anonymousId === undefined) throw new RowProblem('neither a user nor an anonymous id')
  const common = {
    ...(userId !== undefined && { userId }),
    ...(anonymousId !== undefined && { anonymousId }),
    timestamp: toTimestamp(read(fields, event.timestamp), mapping.timestampFormat ?? 'iso'),
  }
  const named = readId(fields, event.messageId)
  if (event.type === 'identify') {
    const call = { type: 'identify' as const, ...common, traits: readFields(fields, event.traits) }
    return { kind: 'event', line, event: { messageId: named ?? digest(line, call), ...call } }
  }
  const name = readId(fields, event.name)
  if (name === undefined) throw new RowProblem('no event name')
  const properties = readFields(fields, event.properties)
  const call = { type: 'track' as const, ...common, event: name, properties }
  return { kind: 'event', line, event: { messageId: named ?? digest(line, call), ...call } }
}

/** A messageId for a row that names none: the same row of the same file, mapped alike, gives the same one again. */
const digest = (line: number, call: object): string =>
  createHash('sha256')
    .update(`${line}\n${JSON.stringify(call)}`)
    .digest('base64url')

function toTimestamp(value: unknown, format: 'iso' | 'seconds' | 'milliseconds'): string {
  const atMs = format === 'iso' ? parseTime(String(value)) : Number(value) * (format === 'seconds' ? 1000 : 1)
  const date = new Date(atMs)
  if (value === undefined || Number.isNaN(date.getTime()))
    throw new RowProblem(`not a time (${format}): "${String(value)}"`)
  return date.toISOString()
}

function toItem(line: number, fields: Fields, mapping: NonNullable<Mapping['item']>): ImportRow {
  const id = readId(fields, mapping.id)
  if (id === undefined) throw new RowProblem('no item id')
  const attributes = readFields(fields, mapping.attributes)
  const body: unknown = {
    ...readFields(fields, mapping.body),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  }
  if (!itemCheck.Check(body)) {
    const [problem] = itemCheck.Errors(body)
    throw new RowProblem(`${problem?.instancePath ?? ''} ${problem?.message ?? 'is not an item'}`)
  }
  return { kind: 'item', line, id, body }
}
