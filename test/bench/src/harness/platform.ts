import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { nodeFlags } from '@rapport/all-in-one/node-flags'
import { ConnectionPool } from './connection.ts'
import type { FixedRateTarget } from './fixed-rate.ts'
import type { Target } from './load.ts'

const cli = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))

/** As Linux counts it. */
export interface Memory {
  readonly residentMiB: number
  /** Of it what the process has allocated itself: the rest is mapped files, which the system drops when it needs room. */
  readonly anonymousMiB: number
}

export interface Usage extends Memory {
  /** CPU of the whole process, user and system, both threads. */
  readonly cpuSeconds: number
}

export interface MeasuredPlatform extends AsyncDisposable, Target {
  readonly url: string
  readonly key: string
  usage(): Promise<Usage>
  memory(): Promise<Memory>
  /** A metric's value, summed over its labels; 0 when it is not there. */
  metric(name: string): Promise<number>
}

export interface PlatformOptions {
  /** Called with the new data folder before the platform starts. */
  readonly prepare?: (dataDir: string) => Promise<void>
  readonly connections: number
  readonly env?: Readonly<Record<string, string>>
}

/** The whole platform as a process of its own on a new data folder, without the demo shop. */
export async function startMeasuredPlatform(options: PlatformOptions): Promise<MeasuredPlatform> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-bench-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  await options.prepare?.(dataDir)
  const child = spawn(process.execPath, [...nodeFlags, cli, 'start', '--no-shop'], {
    env: {
      ...process.env,
      PORT: '0',
      RAPPORT_DATA_DIR: dataDir,
      RAPPORT_KEY_RATE_PER_SECOND: '10000000',
      RAPPORT_KEY_BURST: '10000000',
      // No training by itself: it would take a core in the middle of a measurement.
      RAPPORT_TRAINING_MIN_EVENTS: '2000000000',
      RAPPORT_STARTER_MODELS: 'false',
      RAPPORT_TRAINING_EVERY_HOURS: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  stack.defer(async () => {
    child.kill('SIGTERM')
    await ended
  })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^Rapport runs on (\S+)$/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`the platform ended with ${code}`)))
  })
  const key = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim()
  const { pid } = child
  if (pid === undefined) throw new Error('the platform has no process id')
  const measured = stack.use(measureProcess({ pid, url, key }, options.connections))
  const owned = stack.move()
  return { ...measured, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** @param connections Of the load. */
export function measureProcess(target: FixedRateTarget, connections: number): MeasuredPlatform {
  const { pid, url, key } = target
  const pool = new ConnectionPool({ url: new URL(url), key }, connections)
  const metric = async (name: string): Promise<number> => sumMetric(await scrape(url), name)
  const memory = (): Promise<Memory> => memoryOf(pid)
  return {
    ...target,
    pool,
    metric,
    memory,
    usage: async () => ({ cpuSeconds: await metric('process_cpu_seconds_total'), ...(await memory()) }),
    [Symbol.asyncDispose]: async () => pool[Symbol.dispose](),
  }
}

async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
  return { residentMiB: mebibytes('VmRSS'), anonymousMiB: mebibytes('RssAnon') }
}

const scrape = async (url: string): Promise<string> => (await fetch(new URL('/metrics', url))).text()

function sumMetric(text: string, name: string): number {
  let sum = 0
  for (const line of text.split('\n')) {
    if (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}
