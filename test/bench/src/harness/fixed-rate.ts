import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import type { LoadRequest } from './connection.ts'
import { createHistogram, latencyOf, type LoadResult } from './load.ts'
import { watchOtherLoad } from './other-load.ts'

const run = promisify(execFile)
const module = 'github.com/tsenart/vegeta/v12@v12.13.0'
const folder = join(homedir(), '.cache', 'rapport', 'vegeta-12.13.0')

/** Where requests go. */
export interface FixedRateTarget {
  readonly pid: number
  /** Of servers that work for it. */
  readonly serverPids?: readonly number[]
  readonly url: string
  readonly key: string
}

export interface FixedRate {
  readonly perSecond: number
  readonly seconds: number
  /** Sent over and over, in order. */
  readonly requests: readonly LoadRequest[]
}

/**
 * Requests at a fixed rate, whether or not earlier ones are answered, each timed from when it was due. Vegeta sends them:
 * a generator in this process, with its timers of a millisecond and its own garbage collection, added 2 to 5 ms to the
 * slowest hundredth.
 */
export async function fixedRate(target: FixedRateTarget, rate: FixedRate): Promise<LoadResult> {
  const vegeta = await install()
  const scratch = await mkdtemp(join(tmpdir(), 'rapport-load-'))
  try {
    const targets = join(scratch, 'targets')
    const results = join(scratch, 'results')
    await writeFile(targets, rate.requests.map((request) => `${targetOf(target, request)}\n`).join(''))
    const otherLoad = watchOtherLoad([target.pid, ...(target.serverPids ?? [])])
    await run(vegeta, [
      'attack',
      '-format=json',
      `-targets=${targets}`,
      `-rate=${rate.perSecond}/1s`,
      `-duration=${rate.seconds}s`,
      '-connections=128',
      '-timeout=30s',
      '-max-body=0',
      `-output=${results}`,
    ])
    const otherLoadPercent = otherLoad()
    const { stdout } = await run(vegeta, ['encode', '-to=csv', results], { maxBuffer: 1024 ** 3 })
    return { ...summarise(stdout, rate), otherLoadPercent }
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

/** Lines of: time sent (ns), status, latency (ns), bytes out, bytes in, error, body, attack, number of the request, … */
function summarise(csv: string, { perSecond }: FixedRate): Omit<LoadResult, 'otherLoadPercent'> {
  const intervalMs = 1000 / perSecond
  const rows: string[][] = parse(csv)
  const hits = rows.map(([sent = '', status, took, , , , , , number]) => ({
    ok: status?.startsWith('2') === true,
    // Nanoseconds since the epoch exceed a double.
    sentMs: Number(BigInt(sent) % 10n ** 15n) / 1e6,
    tookMs: Number(took) / 1e6,
    plannedMs: Number(number) * intervalMs,
  }))
  const least = (times: readonly number[]): number => times.reduce((a, b) => Math.min(a, b), Infinity)
  // On the schedule that no request was ahead of.
  const startMs = least(hits.map(({ sentMs, plannedMs }) => sentMs - plannedMs))
  const lastMs = -least(hits.map(({ sentMs }) => -sentMs))
  const histogram = createHistogram()
  for (const { sentMs, tookMs, plannedMs } of hits)
    histogram.recordValue(Math.max(1, Math.round((sentMs + tookMs - startMs - plannedMs) * 1000)))
  return {
    requests: hits.length,
    failures: hits.filter(({ ok }) => !ok).length,
    seconds: (lastMs - startMs + intervalMs) / 1000,
    latency: latencyOf(histogram),
  }
}
