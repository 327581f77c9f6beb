import { readFileSync } from 'node:fs'

/**
 * `<pid>_<boot and start time>`: the same in all threads of a process, never again for another process. Where the system
 * does not tell start times, the process id alone has to do.
 */
export const processIdentity: string = `${process.pid}_${startToken(process.pid)}`

/** Whether the process that a `processIdentity` names still runs. Text that is none has no living process. */
export function isProcessAlive(identity: string): boolean {
  const [pidText, start] = identity.split('_')
  const pid = Number(pidText)
  if (!Number.isInteger(pid) || pid <= 0 || start === undefined) return false
  return isRunning(pid) && startToken(pid) === start
}

function startToken(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in parentheses, may hold spaces; field 22 is the start time in clock ticks since boot.
    const startTicks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot}.${startTicks ?? ''}`
  } catch {
    // No /proc on this system, or the process has just gone.
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
