import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RapportError, isProcessAlive, processIdentity } from '@rapport/core'

/** The file in which the key of the first tenant lies, readable by its owner alone. */
export const adminKeyPath = (dataFolder: string): string => join(dataFolder, 'admin-key')

/**
 * Makes the folder if need be and takes it for this process until it is disposed of. A lock that a killed process left
 * behind is taken over.
 * @throws RapportError `RPT_DATA_FOLDER_IN_USE`
 */
export async function claimDataFolder(path: string): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const lock = join(path, 'lock')
  const mine = `${lock}.${randomBytes(6).toString('hex')}`
  await writeFile(mine, processIdentity)
  try {
    await takeLock(lock, mine, path)
  } finally {
    await rm(mine, { force: true })
  }
  return { [Symbol.asyncDispose]: () => rm(lock, { force: true }) }
}

/** link(2) fails when the name is taken, so of two processes one wins. */
async function takeLock(lock: string, mine: string, path: string): Promise<void> {
  for (;;) {
    try {
      await link(mine, lock)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = await readFile(lock, 'utf8').catch(() => '')
    if (isProcessAlive(owner)) {
      throw new RapportError(
        'RPT_DATA_FOLDER_IN_USE',
        `The data folder ${path} is in use by process ${owner.split('_')[0] ?? ''}. Stop that one, or name another folder in RAPPORT_DATA_DIR.`,
      )
    }
    await removeStale(lock, { owner, aside: `${mine}.stale` })
  }
}

/** Moves the lock aside; when it has been replaced since it was read, it belongs to a living process and goes back. */
async function removeStale(lock: string, { owner, aside }: { owner: string; aside: string }): Promise<void> {
  try {
    await rename(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== owner) await link(aside, lock)
  await rm(aside)
}
