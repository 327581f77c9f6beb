import { RapportError } from '@rapport/core'
import { NotCurrentError } from '../errors.ts'
import type { LogRecord } from '../event-log.ts'

/** Nothing to do with the record, on purpose; counted under its reason. */
export interface Drop {
  readonly kind: 'drop'
  /** Few distinct values: it becomes a metric's label. */
  readonly reason: string
}

/** The record is at fault: its bytes, its schema, or a rule of the domain. */
export interface Refusal {
  readonly kind: 'dead letter'
  /** `RPT_<AREA>_<WHAT>`. */
  readonly code: string
  readonly message: string
}

/** What became of a record that is not simply done. */
export type Exception = Drop | Refusal

export const drop = (reason: string): Drop => ({ kind: 'drop', reason })
export const deadLetter = (code: string, message: string): Refusal => ({ kind: 'dead letter', code, message })

/** The value of a decoded record, or why there is none. */
export type Decoded<T> = { readonly kind: 'value'; readonly value: T } | Exception
export const decoded = <T>(value: T): Decoded<T> => ({ kind: 'value', value })

export interface Entry<T> {
  readonly record: LogRecord
  readonly value: T
}

/**
 * Thrown where a value cannot be returned: the record is at fault. When thrown while several records are processed at
 * once, they are processed in smaller parts until the one at fault is known.
 */
export class RecordError extends RapportError {
  override readonly name = 'RecordError'
}

/**
 * Whose an error is. `record`: the record goes to the dead letters. `environment`: the same call may succeed later, so
 * the partition waits. `lost`: the partition belongs to another consumer. `unknown`: a bug, perhaps of one record.
 */
export type Blame = 'record' | 'environment' | 'lost' | 'unknown'

export function blame(error: unknown): Blame {
  if (error instanceof NotCurrentError) return 'lost'
  if (error instanceof RecordError) return 'record'
  return error instanceof RapportError && error.canRetry ? 'environment' : 'unknown'
}
