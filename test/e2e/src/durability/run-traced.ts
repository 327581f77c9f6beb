import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { readTrace, type SystemCall } from './trace.ts'

const CALLS = 'openat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync,msync'
const LONGEST_STRING = 1_000_000

/** Whether strace is here and may trace. */
export const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

export interface TracedRun {
  /** The program and its arguments, for the Node that runs the tests. */
  readonly script: string
  readonly args: readonly string[]
  readonly traceFile: string
  /** Called with each line of standard output. A process that does not end by itself is stopped by calling `stop`. */
  readonly onLine?: (line: string, stop: () => void) => void | Promise<void>
}

/** Runs a Node program under strace to its end and returns its system calls. */
export async function runTraced({ script, args, traceFile, onLine }: TracedRun): Promise<SystemCall[]> {
  const options = ['-f', '-y', '-v', '-s', String(LONGEST_STRING), '-e', `trace=${CALLS}`, '-o', traceFile]
  const child = spawn('strace', [...options, process.execPath, script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const stop = (): void => void child.stdin.end()
  const work: Promise<void>[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    work.push(Promise.resolve(onLine?.(line, stop)))
  })
  try {
    await closed
    await Promise.all(work)
  } finally {
    await end(child)
  }
  if (child.exitCode !== 0) throw new Error(`${script} ended with ${child.exitCode ?? child.signalCode} under strace`)
  return readTrace(await readFile(traceFile, 'utf8'))
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
}
