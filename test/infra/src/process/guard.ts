import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What is to end and to vanish with this process. */
export interface Guard {
  /** Kills the process group `pid` when this process is gone. */
  watch(pid: number): void
  forget(pid: number): void
  /** Removes a folder when this process is gone. */
  watchFolder(folder: string): void
}

let shared: Guard | undefined

/**
 * The one guard of this process: a process of its own, in its own session, which reads from a pipe that only we hold. When
 * we end, in whatever way (SIGKILL too), the pipe closes, and it kills and removes what is still on its list.
 */
export function guard(): Guard {
  shared ??= startGuard()
  return shared
}

function startGuard(): Guard {
  const child = spawn(process.execPath, [fileURLToPath(new URL('guard-process.ts', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.once('exit', () => (shared = undefined))
  child.stdin.on('error', () => undefined)
  child.unref()
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  const tell = (line: string): void => void child.stdin.write(`${line}\n`)
  return {
    watch: (pid) => tell(`watch ${pid}`),
    forget: (pid) => tell(`forget ${pid}`),
    watchFolder: (folder) => tell(`folder ${folder}`),
  }
}
