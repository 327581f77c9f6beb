import { ItemRowSchema, type ItemBody } from '@rapport/contracts'
import type { RawRow } from '@rapport/core'
import { Compile } from 'typebox/compile'
import { Invalid } from './invalid.ts'
import { isJsonObject } from './json-values.ts'

const validator = Compile(ItemRowSchema)

export interface ItemRowReading {
  readonly id: string
  readonly body: ItemBody
}

/** A refused row, with its id when it has a usable one. */
export interface RowRefusal {
  readonly invalid: Invalid
  readonly id: string | undefined
}

export const isRefusal = (reading: ItemRowReading | RowRefusal): reading is RowRefusal => 'invalid' in reading

/** Reads a row of a catalogue import: `{ "id": …, ...item }`. */
export function readItemRow({ text, problem }: RawRow): ItemRowReading | RowRefusal {
  if (text === undefined) return { invalid: new Invalid('', problem ?? 'is missing'), id: undefined }
  let row: unknown
  try {
    row = JSON.parse(text.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { invalid: new Invalid('', `is not JSON: ${error.message}`), id: undefined }
  }
  if (!validator.Check(row)) return { invalid: firstProblem(row), id: idOf(row) }
  const { id, ...body } = row
  if (!id.isWellFormed()) return { invalid: new Invalid('id', 'contains half of a surrogate pair'), id: undefined }
  return { id, body }
}

function idOf(row: unknown): string | undefined {
  const id = isJsonObject(row) ? row['id'] : undefined
  return typeof id === 'string' && id.length <= 256 ? id : undefined
}

function firstProblem(row: unknown): Invalid {
  if (!isJsonObject(row)) return new Invalid('', 'must be an object')
  const [problem] = validator.Errors(row)
  if (problem === undefined) return new Invalid('', 'is not a valid item')
  const path = problem.instancePath.split('/').slice(1).join('.')
  const named = (key: string): string | undefined => {
    const names: unknown = Reflect.get(problem.params, key)
    return Array.isArray(names) ? String(names[0]) : undefined
  }
  const missing = named('requiredProperties')
  if (missing !== undefined) return new Invalid(join(path, missing), 'is required')
  const unknown = named('additionalProperties')
  if (unknown !== undefined) return new Invalid(join(path, unknown), 'is not a known field')
  return new Invalid(path, problem.message)
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)
