import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LoadRequest } from './connection.ts'
import type { LoadResult } from './load.ts'
import { watchOtherLoad } from './other-load.ts'

const run = promisify(execFile)
const module = 'github.com/tsenart/vegeta/v12@v12.13.0'
const folder = join(homedir(), '.cache', 'rapport', 'vegeta-12.13.0')

/** Where requests go. */
export interface FixedRateTarget {
  readonly pid: number
  readonly url: string
  readonly key: string
}

export interface FixedRate {
  readonly perSecond: number
  readonly seconds: number
  /** Sent over and over, in order. */
  readonly requests: readonly LoadRequest[]
}

/** What vegeta reports; latencies in nanoseconds. */
interface VegetaReport {
  readonly latencies: Readonly<Record<'50th' | '95th' | '99th' | 'max', number>>
  readonly duration: number
  readonly requests: number
  readonly success: number
}

/**
 * Requests at a fixed rate, whether or not earlier ones are answered, each timed from when it was sent. Vegeta sends them:
 * a generator in this process, with its timers of a millisecond and its own garbage collection, added 2 to 5 ms to the
 * slowest hundredth.
 */
export async function fixedRate(target: FixedRateTarget, rate: FixedRate): Promise<LoadResult> {
  const vegeta = await install()
  const scratch = await mkdtemp(join(tmpdir(), 'rapport-load-'))
  try {
    const targets = join(scratch, 'targets')
    const results = join(scratch, 'results')
    await writeFile(targets, rate.requests.map((request) => targetOf(target, request)).join('\n'))
    const otherLoad = watchOtherLoad(target.pid)
    await run(vegeta, [
      'attack',
      '-format=json',
      `-targets=${targets}`,
      `-rate=${rate.perSecond}/1s`,
      `-duration=${rate.seconds}s`,
      '-connections=128',
      '-timeout=60s',
      `-output=${results}`,
    ])
    const otherLoadPercent = otherLoad()
    const { stdout } = await run(vegeta, ['report', '-type=json', results])
    return toResult(JSON.parse(stdout) as VegetaReport, otherLoadPercent)
  } finally {
    await rm(scratch, { recursive: true })
  }
}

/** Built from its source once; the Go module proxy's checksums vouch for it. */
async function install(): Promise<string> {
  const program = join(folder, 'vegeta')
  if (existsSync(program)) return program
  console.error(`Building ${module} (once)…`)
  try {
    await run('go', ['install', module], { env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } })
  } catch (cause) {
    throw new Error('Latencies are measured with vegeta, which needs Go 1.22 or newer on the path to be built.', {
      cause,
    })
  }
  return program
}

function targetOf({ url, key }: FixedRateTarget, { method, path, body }: LoadRequest): string {
  return JSON.stringify({
    method,
    url: `${url}${path}`,
    header: {
      Authorization: [`Bearer ${key}`],
      ...(body === undefined ? {} : { 'Content-Type': ['application/json'] }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64') }),
  })
}

function toResult(report: VegetaReport, otherLoadPercent: number): LoadResult {
  const { latencies, requests } = report
  return {
    requests,
    failures: Math.round(requests * (1 - report.success)),
    seconds: report.duration / 1e9,
    otherLoadPercent,
    latency: {
      p50: latencies['50th'] / 1e6,
      p95: latencies['95th'] / 1e6,
      p99: latencies['99th'] / 1e6,
      max: latencies.max / 1e6,
    },
  }
}
