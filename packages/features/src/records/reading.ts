import { decodeUtf8 } from '@rapport/core'
import type { Validator } from 'typebox/compile'

/** Why a record cannot be applied; the feature service sends such ones to the dead letters, other readers leave them out. */
interface RecordRefusal {
  readonly code: string
  readonly reason: string
}

export type RecordReading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: RecordRefusal }

export const refuse = (code: string, reason: string): RecordReading<never> => ({ ok: false, refusal: { code, reason } })

/** Undefined for what is no JSON in UTF-8. */
export function parseRecord(value: Uint8Array): unknown {
  const text = decodeUtf8(value)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What is wrong first with a value that a schema refuses. */
export function problemOf(schema: Pick<Validator, 'Errors'>, value: unknown): string {
  const [first] = schema.Errors(value)
  return first === undefined ? 'the record does not match its schema' : `${first.instancePath || '/'}: ${first.message}`
}

const lastMs = Date.parse('9999-12-31T23:59:59.999Z')
/** Milliseconds since the epoch, from 1970 to 9999. */
export const isRecordTime = (ms: number): boolean => ms >= 0 && ms <= lastMs
