import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isAlive } from '../process/process-state.ts'

/**
 * Runs `work` while no other process holds the lock file. A file left by a process that is gone is taken over. Two that
 * take over at the same moment may both get it: nothing but work done twice may depend on this lock.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(file))) await delay(200)
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${process.pid}`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = await readFile(file, 'utf8').catch(() => '')
  // Empty for an instant: made, its number not yet written.
  if (holder !== '' && !isAlive(Number(holder))) await rm(file, { force: true })
  return false
}
