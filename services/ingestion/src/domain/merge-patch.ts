import { isJsonObject } from './json-values.ts'

/** JSON merge patch (RFC 7396): null removes a field, an object is merged, anything else replaces. The target is not changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const merged = new Map<string, unknown>(isJsonObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  // `fromEntries` defines own fields, so a field called `__proto__` stays a field.
  return Object.fromEntries(merged)
}
