import { backoffMs, decodeUtf8, RapportError } from '@rapport/core'
import type { ObjectStore } from './object-store.ts'

/** A record that stands at one key as JSON in UTF-8, and what makes an object one. */
export interface JsonRecord<T> {
  readonly key: string
  /** The record that an object's content is; `undefined` is given for what is no JSON. Throws when it is no such record. */
  readonly read: (content: unknown) => T
}

/** Others changed a record again and again between this writer's reading and writing; the same call may succeed later. */
export class RecordContendedError extends RapportError {
  override readonly name = 'RecordContendedError'

  constructor(key: string) {
    super('RPT_OBJECT_RECORD_CONTENDED', `the record ${key} is being changed by others`, { canRetry: true })
  }
}

/** What stands after a change, and whether this call wrote it. */
export interface RecordChange<T> {
  readonly record: T
  readonly isWritten: boolean
}

const maxAttempts = 100
const pauses = { baseMs: 2, maxMs: 50 }

/** The bytes of a record: JSON, with line breaks for people who look into the store. */
export const toJsonBytes = (record: unknown): Uint8Array => Buffer.from(JSON.stringify(record, null, 1))

/** A record with the etag that it stands under; undefined when nothing stands there. @throws what `read` throws */
export async function readJsonRecord<T>(
  store: Pick<ObjectStore, 'get'>,
  { key, read }: JsonRecord<T>,
): Promise<{ readonly record: T; readonly etag: string } | undefined> {
  const found = await store.get(key)
  return found && { record: read(parse(found.body)), etag: found.object.etag }
}

/**
 * Replaces a record by what `change` makes of the one that stands (undefined: none does), under compare-and-set: where
 * another writer was quicker `change` is called again, with what stands then; so no writer's change is lost. It may be called
 * many times: what it leaves outside must be that of its last call. Nothing is written when it gives undefined or back what
 * it was given.
 * @throws RecordContendedError after 100 lost races, between which it pauses for 2.4 s in the mean and 4.8 s at most, the
 * time of the store's answers not counted; what `read` and `change` throw
 */
export async function changeJsonRecord<T, R extends T | undefined>(
  store: Pick<ObjectStore, 'get' | 'put'>,
  at: JsonRecord<T>,
  change: (standing: T | undefined) => R,
): Promise<RecordChange<T | R>> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (attempt > 0) await delay(backoffMs(attempt - 1, pauses))
    const standing = await readJsonRecord(store, at)
    const record = change(standing?.record)
    if (record === undefined || record === standing?.record) {
      return { record: standing?.record ?? record, isWritten: false }
    }
    const condition = standing === undefined ? { ifAbsent: true } : { ifMatch: standing.etag }
    if ((await store.put(at.key, toJsonBytes(record), condition)).stored) return { record, isWritten: true }
  }
  throw new RecordContendedError(at.key)
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function parse(body: Uint8Array): unknown {
  const text = decodeUtf8(body)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
