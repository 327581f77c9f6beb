import type { ObjectStore, StoredObject } from '@rapport/object-store'

export const toJsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, null, 1))

/** Undefined when nothing stands at the key; `value` is undefined when the object is not JSON. */
export async function getJson(
  store: ObjectStore,
  key: string,
): Promise<{ readonly value: unknown; readonly object: StoredObject } | undefined> {
  const found = await store.get(key)
  if (found === undefined) return undefined
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(found.body)), object: found.object }
  } catch {
    // Callers check the value against a schema, which says better what was expected.
    return { value: undefined, object: found.object }
  }
}
