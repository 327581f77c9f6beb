import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { open, type Database, type RootDatabase } from 'lmdb'

export type Table<K extends string | Uint8Array> = Database<Buffer, K>

/** Behaviour state. */
export interface StateTables {
  readonly env: RootDatabase
  /** Bounded entity key to entity number; with the whole key behind it where that is longer. */
  readonly names: Table<string>
  /** See `layout.ts`. */
  readonly state: Table<Buffer>
  /** `next-entity`, and the numbers of sources. */
  readonly meta: Table<string>
}

export interface CacheTables {
  readonly env: RootDatabase
  /** Bounded cache key to expiry and value. */
  readonly values: Table<string>
  /** Expiry and cache key to the size of the value. */
  readonly expiries: Table<Buffer>
  readonly meta: Table<string>
}

export interface DocumentTables {
  readonly env: RootDatabase
  readonly documents: Table<string>
}

const mebibytes = (count: number): number => count * 1024 * 1024

/** Commits reach the disk before they resolve. The address space reserved up front is no memory; the map grows beyond it. */
function openDurable(path: string): RootDatabase {
  return open({
    path,
    overlappingSync: false,
    // with it, a commit that fails also rejects a promise that nobody holds
    eventTurnBatching: false,
    noMemInit: true,
    maxDbs: 4,
    mapSize: mebibytes(256),
  })
}

const textTable = (env: RootDatabase, name: string): Table<string> =>
  env.openDB<Buffer, string>(name, { encoding: 'binary' })

const bytesTable = (env: RootDatabase, name: string): Table<Buffer> =>
  env.openDB<Buffer, Buffer>(name, { encoding: 'binary', keyEncoding: 'binary' })

export function openStateTables(directory: string): StateTables {
  const env = openDurable(join(directory, 'state'))
  return { env, names: textTable(env, 'names'), state: bytesTable(env, 'state'), meta: textTable(env, 'meta') }
}

export function openDocumentTables(directory: string): DocumentTables {
  const env = openDurable(join(directory, 'documents'))
  return { env, documents: textTable(env, 'documents') }
}

/** Names this start of the machine. */
async function bootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  } catch {
    // not Linux: the time of the start, to ten minutes
    return String(Math.round((Date.now() / 1000 - uptime()) / 600))
  }
}

/**
 * The cache is never synced, so that a crash of the machine may tear it (a crash of the process does not): each start of
 * the machine gets a new one, and those of earlier starts are removed.
 */
export async function openCacheTables(directory: string): Promise<CacheTables> {
  const name = `cache-${await bootId()}`
  await mkdir(directory, { recursive: true })
  for (const entry of await readdir(directory))
    if (entry.startsWith('cache-') && entry !== name) await rm(join(directory, entry), { recursive: true, force: true })
  const env = open({
    path: join(directory, name),
    noSync: true,
    overlappingSync: false,
    noMemInit: true,
    maxDbs: 4,
    mapSize: mebibytes(128),
  })
  return { env, values: textTable(env, 'values'), expiries: bytesTable(env, 'expiries'), meta: textTable(env, 'meta') }
}
