import { readFileSync } from 'node:fs'

/** Field 22 of /proc/<pid>/stat, counted from after the command's closing parenthesis. */
const START_TIME_FIELD = 19

/**
 * Names a process for as long as this machine runs; the same in all its threads. Where there is no /proc, the process
 * id alone.
 */
export const processIdentity = (pid = process.pid): string => `${pid}:${startTime(pid)}`

/** Whether the process that `processIdentity` named still runs. */
export function isAlive(identity: string): boolean {
  const [pidText = '', started = ''] = identity.split(':')
  const pid = Number(pidText)
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return started === '' || startTime(pid) === started
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? ''
  } catch {
    // No /proc on this system: the process id has to do.
    return ''
  }
}
