import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Boot and start time of a process, so that a reused process id is told apart; empty where the system does not say. */
function startToken(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name, in parentheses, may hold spaces; field 22 is the start time in clock ticks since boot.
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot}.${startTicks ?? ''}`
  } catch {
    // No /proc (not Linux), or the process has just gone: the process id alone has to do.
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** `<pid>_<start>`: the same for all threads of a process, never again for another process. */
export const processToken: string = `${process.pid}_${startToken(process.pid)}`

/** `<process>_<random>`: names the owner of locks and unfinished files. */
export const newOwnerToken = (): string => `${processToken}_${randomBytes(6).toString('hex')}`

export const isOwnProcess = (ownerToken: string): boolean => ownerToken.startsWith(`${processToken}_`)

/** False when the process that made the token is gone; text that is no token has no living owner. */
export function isOwnerAlive(ownerToken: string): boolean {
  const [pidText, start] = ownerToken.split('_')
  const pid = Number(pidText)
  if (!Number.isInteger(pid) || pid <= 0 || start === undefined) return false
  return isRunning(pid) && startToken(pid) === start
}
