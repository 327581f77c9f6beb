import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { processState } from '../process/process-state.ts'

/**
 * Runs `work` while no other process holds the lock file. A file left by a process that is gone is taken over. Two that
 * take over at the same moment may both get it: nothing but work done twice may depend on this lock.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const own = await nameOf(process.pid)
  while (!(await take(file, own))) await delay(200)
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string, own: string): Promise<boolean> {
  try {
    await writeFile(file, own, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = await readFile(file, 'utf8').catch(() => '')
  // Empty for an instant: made, its content not yet written.
  if (holder !== '' && holder !== (await nameOf(Number.parseInt(holder, 10)))) await rm(file, { force: true })
  return false
}

/** Number and start: the number alone goes to other processes later, in a fresh container within minutes. */
async function nameOf(pid: number): Promise<string> {
  const state = await processState(pid)
  return state === undefined || state.ended ? 'nobody' : `${pid} ${state.startedAt}`
}
