import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import type { Target } from './load.ts'

const cli = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))

export interface Usage {
  /** CPU of the whole process, user and system, both threads. */
  readonly cpuSeconds: number
  readonly residentMiB: number
}

export interface MeasuredPlatform extends AsyncDisposable, Target {
  readonly url: string
  usage(): Promise<Usage>
  /** A metric's value, summed over its labels; 0 when it is not there. */
  metric(name: string): Promise<number>
}

export interface PlatformOptions {
  /** Called with the new data folder before the platform starts. */
  readonly prepare?: (dataDir: string) => Promise<void>
  readonly connections: number
}

/** The whole platform as a process of its own on a new data folder, without the demo shop. */
export async function startMeasuredPlatform(options: PlatformOptions): Promise<MeasuredPlatform> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'rapport-bench-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  await options.prepare?.(dataDir)
  const child = spawn(process.execPath, [cli, 'start', '--no-shop'], {
    env: {
      ...process.env,
      PORT: '0',
      RAPPORT_DATA_DIR: dataDir,
      RAPPORT_KEY_RATE_PER_SECOND: '10000000',
      RAPPORT_KEY_BURST: '10000000',
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
  const pool = stack.use(new DisposablePool(url, { connections: options.connections, pipelining: 1 }))
  const metric = async (name: string): Promise<number> => sumMetric(await scrape(url), name)
  const owned = stack.move()
  return {
    url,
    key,
    pool,
    metric,
    usage: async () => ({
      cpuSeconds: await metric('process_cpu_seconds_total'),
      residentMiB: (await metric('process_resident_memory_bytes')) / 1024 ** 2,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

class DisposablePool extends Pool implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const scrape = async (url: string): Promise<string> => (await fetch(new URL('/metrics', url))).text()

function sumMetric(text: string, name: string): number {
  let sum = 0
  for (const line of text.split('\n')) {
    if (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}
