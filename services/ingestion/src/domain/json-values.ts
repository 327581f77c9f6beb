import { ingestionLimits } from '@rapport/contracts'
import { Invalid } from './invalid.ts'

export type JsonObject = Record<string, unknown>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Refuses what `JSON.parse` lets through and the log cannot keep: numbers beyond a double's range (read as infinite)
 * and nesting that would overflow a reader's stack.
 */
export function checkJsonValue(value: unknown, field: string, depth = 1): Invalid | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : new Invalid(field, 'the number is beyond the range of a double')
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > ingestionLimits.depth) {
    return new Invalid(field, `is nested more than ${ingestionLimits.depth} levels deep`)
  }
  // A path is only spelled out for a child that is refused: most events have none.
  if (Array.isArray(value)) {
    for (const [index, child] of value.entries()) {
      if (isPlain(child)) continue
      const invalid = checkJsonValue(child, `${field}.${index}`, depth + 1)
      if (invalid !== undefined) return invalid
    }
    return undefined
  }
  for (const name in value) {
    const child = (value as JsonObject)[name]
    if (isPlain(child)) continue
    const invalid = checkJsonValue(child, `${field}.${name}`, depth + 1)
    if (invalid !== undefined) return invalid
  }
  return undefined
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'object' || value === null

/** An object field of an event: null is absent, and so is an empty array, which is how PHP writes an empty object. */
export function readObject(value: unknown, field: string): JsonObject | undefined | Invalid {
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) {
    return Array.isArray(value) && value.length === 0 ? undefined : new Invalid(field, 'must be an object')
  }
  return checkJsonValue(value, field) ?? value
}
