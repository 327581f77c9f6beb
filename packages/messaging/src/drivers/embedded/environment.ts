import { mkdirSync, realpathSync } from 'node:fs'
import { open, type Database, type RootDatabase } from 'lmdb'

/** The LMDB environment of one data folder, with its tables. */
export interface Environment {
  readonly directory: string
  readonly root: RootDatabase
  /** `[topic id, partition, first offset]` (binary, big-endian) -> chunk of records. */
  readonly chunks: Database<Buffer, Uint8Array>
  /** Topic id -> next offset, bytes and last append time of each partition. */
  readonly heads: Database<Buffer, number>
  /** Compacted topics: topic id and key -> offset of the key's newest record (float64). */
  readonly keys: Database<Buffer, Uint8Array>
  /** Compacted topics: chunk key of each tombstone -> its append time (float64). */
  readonly tombstones: Database<Buffer, Uint8Array>
  /** `['topic', name]`, `['member', group, id]`, `['claim', group, topic, partition]`. */
  readonly groups: Database<unknown, (string | number)[]>
  close(): Promise<void>
}

interface Shared {
  readonly environment: Environment
  users: number
}

/**
 * Environments that this thread holds open, by folder. Two environments on one folder in one thread could lock each
 * other out for good: a synchronous transaction of one would wait for an asynchronous one of the other, which needs
 * this same thread to go on.
 */
const held = new Map<string, Shared>()

/** Opens the folder's environment, or shares the one that this thread has open. `sync: false` is for tests alone. */
export function openEnvironment(folder: string, sync: boolean): Environment {
  mkdirSync(folder, { recursive: true })
  const directory = realpathSync(folder)
  const shared = held.get(directory)
  if (shared !== undefined) {
    shared.users += 1
    return shared.environment
  }
  const environment = createEnvironment(directory, sync)
  held.set(directory, { environment, users: 1 })
  return environment
}

function createEnvironment(directory: string, sync: boolean): Environment {
  // Without overlapping sync a transaction's promise resolves after its data is on disk, not when it is visible.
  const root = open(directory, {
    maxDbs: 8,
    overlappingSync: false,
    noSubdir: false,
    ...(sync ? {} : { noSync: true }),
  })
  const binary = { keyEncoding: 'binary', encoding: 'binary' } as const
  return {
    directory,
    root,
    chunks: root.openDB<Buffer, Uint8Array>('chunks', binary),
    heads: root.openDB<Buffer, number>('heads', { encoding: 'binary' }),
    keys: root.openDB<Buffer, Uint8Array>('keys', binary),
    tombstones: root.openDB<Buffer, Uint8Array>('tombstones', binary),
    groups: root.openDB<unknown, (string | number)[]>('groups', { encoding: 'msgpack' }),
    close: async () => {
      const shared = held.get(directory)
      if (shared === undefined) return
      shared.users -= 1
      if (shared.users > 0) return
      held.delete(directory)
      await root.close()
    },
  }
}
