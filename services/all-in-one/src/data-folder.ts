import { randomBytes } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RapportError, isProcessAlive, processIdentity } from '@rapport/core'

/** The file in which the key of the first tenant lies, readable by its owner alone. */
export const adminKeyPath = (dataFolder: string): string => join(dataFolder, 'admin-key')

/**
 * Makes the folder if need be and takes it for this process until it is disposed of. A lock that a killed process left
 * behind is taken over.
 *
 * Locks are numbered files, made by link(2), which fails when the name is taken: whoever finds the highest one without a
 * living owner may take the next number, and of several one gets it. A number is never used again, since giving the
 * folder back empties the file and leaves it; so a slow process that counts from an older number finds a higher one
 * after its own link, and steps back.
 * @throws RapportError `RPT_DATA_FOLDER_IN_USE`
 */
export async function claimDataFolder(path: string): Promise<AsyncDisposable> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const mine = join(path, `lock-${randomBytes(6).toString('hex')}`)
  await writeFile(mine, processIdentity)
  try {
    const lock = await takeLock(path, mine)
    return { [Symbol.asyncDispose]: () => writeFile(lock, '') }
  } finally {
    await rm(mine, { force: true })
  }
}

const lockPath = (folder: string, number: number): string => join(folder, `lock.${number}`)

/** The path of the lock that is now this process's. */
async function takeLock(folder: string, mine: string): Promise<string> {
  for (;;) {
    const highest = Math.max(0, ...(await lockNumbers(folder)))
    const owner = await readFile(lockPath(folder, highest), 'utf8').catch(() => '')
    if (isProcessAlive(owner)) throw inUse(folder, owner)
    const lock = lockPath(folder, highest + 1)
    if (!(await linked(mine, lock))) continue
    const others = (await lockNumbers(folder)).filter((number) => number !== highest + 1)
    if (others.every((number) => number <= highest)) {
      await Promise.all(others.map((number) => rm(lockPath(folder, number), { force: true })))
      return lock
    }
    await rm(lock)
  }
}

async function lockNumbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => (/^lock\.\d+$/.test(name) ? [Number(name.slice('lock.'.length))] : []))
}

/** False when the name is taken. */
async function linked(existing: string, name: string): Promise<boolean> {
  try {
    await link(existing, name)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const inUse = (folder: string, owner: string): RapportError =>
  new RapportError(
    'RPT_DATA_FOLDER_IN_USE',
    `The data folder ${folder} is in use by process ${owner.split('_')[0] ?? ''}. Stop that one, or name another folder in RAPPORT_DATA_DIR.`,
  )
