import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { guard } from '../process/guard.ts'
import { withLock } from './lock.ts'

/** Where everything that was obtained stays between runs. */
export function cacheFolder(): string {
  return join(homedir(), '.cache', 'rapport')
}

/** Is the entry there, whole? */
export function isCached(name: string): boolean {
  return existsSync(join(cacheFolder(), name))
}

/**
 * The folder of a cache entry, made by `make` when it is not there. `make` fills a folder of another name, which gets its
 * own when it is complete: an entry is whole or absent, however many runs there are at once and wherever they are ended.
 * The lock only keeps two runs from doing the same work.
 */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const entry = join(cacheFolder(), name)
  if (existsSync(entry)) return entry
  await mkdir(cacheFolder(), { recursive: true })
  await withLock(join(cacheFolder(), `${name}.lock`), async () => {
    if (existsSync(entry)) return
    const unfinished = await mkdtemp(`${entry}.unfinished-`)
    guard().watchFolder(unfinished)
    try {
      const folder = join(unfinished, 'entry')
      await mkdir(folder)
      await make(folder)
      await rename(folder, entry).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  })
  return entry
}

/** A folder for what is needed while something is made; on the cache's own disk and gone afterwards. */
export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(cacheFolder(), { recursive: true })
  const folder = await mkdtemp(join(cacheFolder(), 'scratch-'))
  guard().watchFolder(folder)
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
