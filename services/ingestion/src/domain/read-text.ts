import { ingestionLimits } from '@rapport/contracts'
import { isTooLong } from '@rapport/core'
import { Invalid } from './invalid.ts'

const { nameLength } = ingestionLimits

function checkName(text: string, field: string): string | Invalid {
  if (isTooLong(text, nameLength)) return new Invalid(field, `must not be longer than ${nameLength} characters`)
  // Half a surrogate pair has no UTF-8 form, so it cannot be a part of a key.
  return text.isWellFormed() ? text : new Invalid(field, 'contains half of a surrogate pair')
}

/** An id: numbers become strings, as Segment does it; null and the empty string are absent. */
export function readId(value: unknown, field: string): string | undefined | Invalid {
  if (typeof value === 'string') return value === '' ? undefined : checkName(value, field)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') return new Invalid(field, 'must be a string or a whole number')
  if (Number.isSafeInteger(value)) return String(value)
  return new Invalid(field, 'must be a string, or a whole number that a double holds exactly')
}

/** A name: null and the empty string are absent. */
export function readName(value: unknown, field: string): string | undefined | Invalid {
  if (typeof value === 'string') return value === '' ? undefined : checkName(value, field)
  return value === undefined || value === null ? undefined : new Invalid(field, 'must be a string')
}
