import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwnerAlive } from './owner-token.ts'

/** A whole file that no reader sees yet; linking or renaming it into place publishes it. */
export interface StagedFile {
  readonly path: string
  /** Modification time in microseconds since the epoch. */
  readonly stampMicros: number
}

/** Milliseconds of the clock with random microseconds: with inode and size, what an etag is made of. */
const newStampMicros = (): number => Date.now() * 1000 + Math.floor(Math.random() * 1000)

async function writeAll(handle: FileHandle, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  if (body instanceof Uint8Array) return handle.writeFile(body)
  for await (const chunk of body) {
    for (let written = 0; written < chunk.byteLength;) {
      written += (await handle.write(chunk, written)).bytesWritten
    }
  }
}

/** The folder of unfinished files, each named by its owner, so that the leftovers of a dead process can be told. */
export class StagingFolder {
  readonly #folder: string
  readonly #owner: string
  #count = 0

  constructor(folder: string, owner: string) {
    this.#folder = folder
    this.#owner = owner
  }

  /** Writes a body and syncs it to disk; a failure leaves nothing behind. */
  async stage(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<StagedFile> {
    this.#count += 1
    const path = join(this.#folder, `${this.#owner}_${this.#count}`)
    const stampMicros = newStampMicros()
    try {
      const handle = await open(path, 'wx')
      try {
        await writeAll(handle, body)
        await handle.utimes(stampMicros / 1e6, stampMicros / 1e6)
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
    return { path, stampMicros }
  }

  /** Removes what processes that are gone have left. Resolves with how many files those were. */
  async sweep(): Promise<number> {
    const abandoned = (await readdir(this.#folder)).filter((name) => !isOwnerAlive(name))
    await Promise.all(abandoned.map((name) => rm(join(this.#folder, name), { force: true })))
    return abandoned.length
  }
}
