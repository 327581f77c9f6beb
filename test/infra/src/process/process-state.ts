import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Is there a process of this number (another user's too)? One that ended and was not yet waited for counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export interface ProcessState {
  /** Stopped by SIGSTOP. */
  readonly paused: boolean
  /** Ended, not yet waited for by its parent. */
  readonly ended: boolean
  /** When it started, in the system's own words: with the number it tells a process from a later one of the same number. */
  readonly startedAt: string
}

/** The state of a process, or undefined when there is none of this number. */
export async function processState(pid: number): Promise<ProcessState | undefined> {
  return process.platform === 'linux' ? processStateNow(pid) : fromPs(pid)
}

/** On Linux. Field 3 of /proc/PID/stat is the state and field 22 the start; field 2, the name, may hold spaces and brackets. */
export function processStateNow(pid: number): ProcessState | undefined {
  const stat = readStat(pid)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined) return undefined
  return { ...flags(fields[0]), startedAt: fields[19] ?? '' }
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
}

async function fromPs(pid: number): Promise<ProcessState | undefined> {
  const answer = await run('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`]).catch(() => undefined)
  const line = answer?.stdout.trim()
  if (line === undefined || line === '') return undefined
  const [state, ...started] = line.split(/\s+/)
  return { ...flags(state?.[0]), startedAt: started.join(' ') }
}

function flags(state: string | undefined): Pick<ProcessState, 'paused' | 'ended'> {
  return { paused: state === 'T', ended: state === 'Z' || state === 'X' }
}
