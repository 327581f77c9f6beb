import type { Document, DocumentOutcome, DocumentWrite, EntityRef, JsonValue } from '../../online-store.ts'
import { entityKey, tenantKeyPrefix } from '../../keys.ts'
import { commit } from './commit.ts'
import type { DocumentTables } from './environments.ts'
import { boundedKey } from './layout.ts'

/* Version float64, then the value as JSON. */
const VERSION_BYTES = 8
const CLEAR_PAGE = 256

export function readDocument({ documents }: DocumentTables, entity: EntityRef): Document | undefined {
  const bytes = documents.getBinary(boundedKey(entityKey(entity)))
  if (bytes === undefined) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    version: buffer.readDoubleLE(0),
    value: JSON.parse(buffer.toString('utf8', VERSION_BYTES)) as JsonValue,
  }
}

/** Compares and sets every document in one transaction; a refused one does not stop the others. Resolves when on disk. */
export async function writeDocuments(
  { env, documents }: DocumentTables,
  writes: readonly DocumentWrite[],
): Promise<DocumentOutcome[]> {
  const prepared = writes.map(({ entity, value, ifVersion }) => {
    const json = JSON.stringify(value)
    const bytes = Buffer.alloc(VERSION_BYTES + Buffer.byteLength(json))
    bytes.write(json, VERSION_BYTES, 'utf8')
    return { key: boundedKey(entityKey(entity)), bytes, ifVersion }
  })
  return commit(env, () =>
    prepared.map(({ key, bytes, ifVersion }) => {
      const standing = documents.getBinary(key)?.readDoubleLE(0) ?? 0
      if (ifVersion !== undefined && ifVersion !== standing) return { written: false, version: standing }
      bytes.writeDoubleLE(standing + 1, 0)
      documents.putSync(key, bytes)
      return { written: true, version: standing + 1 }
    }),
  )
}

/** Removes a tenant's documents page by page, each in a transaction of its own. */
export async function clearDocuments({ env, documents }: DocumentTables, tenant: string): Promise<void> {
  const prefix = tenantKeyPrefix(tenant)
  const clearPage = (): number => {
    const keys = Array.from(documents.getKeys({ start: prefix, end: `${prefix}\u007f`, limit: CLEAR_PAGE }))
    for (const key of keys) documents.removeSync(key)
    return keys.length
  }
  while ((await commit(env, clearPage)) > 0);
}
