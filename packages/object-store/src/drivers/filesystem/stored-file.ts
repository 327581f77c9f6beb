import { open, stat, type FileHandle } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import type { StoredObject } from '../../object-store.ts'

/** "Not there" is a value: also when a file stands where the key has a folder, or the other way round. */
const isAbsence = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

/** A stored file is never changed in place, so inode, time and size name its content. */
export function describeFile(key: string, stats: BigIntStats): StoredObject {
  return {
    key,
    bytes: Number(stats.size),
    etag: `${stats.ino.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}`,
    modifiedAtMs: Number(stats.mtimeNs / 1_000_000n),
  }
}

export async function statFile(path: string): Promise<BigIntStats | undefined> {
  try {
    const stats = await stat(path, { bigint: true })
    return stats.isFile() ? stats : undefined
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

/** Opens for reading; the handle keeps this content even when the key is replaced meanwhile. */
export async function openFile(path: string): Promise<{ handle: FileHandle; stats: BigIntStats } | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
  try {
    const stats = await handle.stat({ bigint: true })
    if (stats.isFile()) return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return undefined
}
