import { link, rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ObjectStoreError } from '../../errors.ts'
import { checkObjectKey, checkObjectPrefix, checkPutOptions } from '../../keys.ts'
import type { ObjectStore, ObjectStoreStats, PutOptions, PutOutcome, StoredObject } from '../../object-store.ts'
import { isFolder, pruneFolders, syncFolder, withFolder } from './folders.ts'
import type { KeyLocks } from './key-lock.ts'
import { listKeys } from './listing.ts'
import { describeFile, openFile, statFile } from './stored-file.ts'
import type { StagedFile, StagingFolder } from './staging.ts'

const readChunkBytes = 256 * 1024

function failure(action: string, key: string, error: unknown): Error {
  // Errors of the caller's own body stream, and our own, pass unchanged.
  if (!(error instanceof Error) || !('syscall' in error)) return error as Error
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException
  const isPublishing = ['link', 'rename', 'mkdir'].includes(syscall)
  if (isPublishing && ['ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY'].includes(code)) {
    const problem = 'is the folder of another key, or lies below one that is no folder'
    return new ObjectStoreError('RPT_OBJECT_KEY', `object key ${JSON.stringify(key)} ${problem}`, { cause: error })
  }
  return new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', `${action} ${key}: ${error.message}`, { cause: error })
}

/** The published file is the staged one, so its etag is known before anybody else can replace it. */
async function describeStaged(key: string, staged: StagedFile): Promise<StoredObject> {
  return describeFile(key, await stat(staged.path, { bigint: true }))
}

/** Objects as plain files whose paths are their keys. Safe for many threads and processes of one machine. */
export class FilesystemObjectStore implements ObjectStore {
  readonly #root: string
  readonly #staging: StagingFolder
  readonly #locks: KeyLocks

  constructor(root: string, staging: StagingFolder, locks: KeyLocks) {
    this.#root = root
    this.#staging = staging
    this.#locks = locks
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<PutOutcome> {
    checkObjectKey(key)
    checkPutOptions(key, options)
    try {
      if (body instanceof Uint8Array && (await this.#isRefused(key, options))) return { stored: false }
      const staged = await this.#staging.stage(body)
      try {
        return options.ifAbsent === true
          ? await this.#publishIfAbsent(key, staged)
          : await this.#locks.withLock(key, () => this.#publish(key, staged, options.ifMatch))
      } finally {
        await rm(staged.path, { force: true })
      }
    } catch (error) {
      throw failure('put', key, error)
    }
  }

  async get(key: string): Promise<{ readonly body: Uint8Array; readonly object: StoredObject } | undefined> {
    checkObjectKey(key)
    try {
      const file = await openFile(this.#path(key))
      if (file === undefined) return undefined
      try {
        return { body: await file.handle.readFile(), object: describeFile(key, file.stats) }
      } finally {
        await file.handle.close()
      }
    } catch (error) {
      throw failure('get', key, error)
    }
  }

  async open(
    key: string,
    range: { first: number; last?: number } = { first: 0 },
  ): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly object: StoredObject } | undefined> {
    checkObjectKey(key)
    try {
      const file = await openFile(this.#path(key))
      if (file === undefined) return undefined
      const object = describeFile(key, file.stats)
      const last = Math.min(range.last ?? Infinity, object.bytes - 1)
      const wantsAll = range.first === 0 && range.last === undefined
      if (!wantsAll && (range.first < 0 || range.first > last)) {
        await file.handle.close()
        const asked = `bytes ${range.first} to ${range.last ?? 'the end'}`
        throw new ObjectStoreError('RPT_OBJECT_RANGE', `open ${key}: ${asked} of ${object.bytes}`)
      }
      const end = wantsAll ? {} : { end: last }
      return {
        body: file.handle.createReadStream({ start: range.first, ...end, highWaterMark: readChunkBytes }),
        object,
      }
    } catch (error) {
      throw failure('open', key, error)
    }
  }

  async head(key: string): Promise<StoredObject | undefined> {
    checkObjectKey(key)
    try {
      const stats = await statFile(this.#path(key))
      return stats && describeFile(key, stats)
    } catch (error) {
      throw failure('head', key, error)
    }
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncGenerator<StoredObject> {
    checkObjectPrefix(prefix)
    try {
      for await (const key of listKeys(this.#root, prefix, options.after)) {
        const stats = await statFile(this.#path(key))
        if (stats !== undefined) yield describeFile(key, stats)
      }
    } catch (error) {
      throw failure('list', prefix, error)
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    keys.forEach(checkObjectKey)
    const folders = new Set<string>()
    for (const key of keys) {
      try {
        const path = this.#path(key)
        const isRemoved = await this.#locks.withLock(key, async () => {
          if ((await statFile(path)) === undefined) return false
          await unlink(path)
          return true
        })
        if (isRemoved) folders.add(dirname(path))
      } catch (error) {
        throw failure('delete', key, error)
      }
    }
    for (const folder of folders) {
      try {
        await syncFolder(folder)
        await pruneFolders(folder, this.#root)
      } catch (error) {
        throw failure('delete', folder, error)
      }
    }
  }

  stats(): ObjectStoreStats {
    return { requestsTotal: 0, failuresTotal: 0 }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  #path(key: string): string {
    return join(this.#root, key)
  }

  /** Says early, before anything is written, that a condition does not hold. */
  async #isRefused(key: string, options: PutOptions): Promise<boolean> {
    if (options.ifAbsent !== true && options.ifMatch === undefined) return false
    const stats = await statFile(this.#path(key))
    if (options.ifAbsent === true) return stats !== undefined
    return stats === undefined || describeFile(key, stats).etag !== options.ifMatch
  }

  /** link(2) fails when the name exists: of racing writers one wins, without a lock. */
  async #publishIfAbsent(key: string, staged: StagedFile): Promise<PutOutcome> {
    const path = this.#path(key)
    const { etag } = await describeStaged(key, staged)
    try {
      await withFolder(path, () => link(staged.path, path))
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST' || syscall !== 'link' || (await isFolder(path))) throw error
      return { stored: false }
    }
    await syncFolder(dirname(path))
    return { stored: true, etag }
  }

  /** Under the key's lock: compares, keeps the time growing (so that no two contents share an etag) and replaces. */
  async #publish(key: string, staged: StagedFile, ifMatch: string | undefined): Promise<PutOutcome> {
    const path = this.#path(key)
    const standing = await statFile(path)
    if (ifMatch !== undefined && (standing === undefined || describeFile(key, standing).etag !== ifMatch)) {
      return { stored: false }
    }
    const standingMicros = standing === undefined ? 0 : Number(standing.mtimeNs / 1000n)
    if (standingMicros >= staged.stampMicros) {
      const later = (standingMicros + 2) / 1e6
      await utimes(staged.path, later, later)
    }
    const { etag } = await describeStaged(key, staged)
    await withFolder(path, () => rename(staged.path, path))
    await syncFolder(dirname(path))
    return { stored: true, etag }
  }
}
