import type { JsonValue } from '@rapport/online-store'
import type { EntityReading } from './entity-reading.ts'

/** A value with the time of the newest event behind it. Undefined value: it cannot be told, or there is none. */
export interface TimedValue {
  readonly value: JsonValue | undefined
  readonly eventMs: number | undefined
}

export const noValue: TimedValue = { value: undefined, eventMs: undefined }

/** Tells one feature of any entity. */
export type FeatureFormula = (reading: EntityReading) => TimedValue
