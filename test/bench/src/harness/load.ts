import { build, type Histogram } from 'hdr-histogram-js'
import type { ConnectionPool, LoadRequest } from './connection.ts'
import { watchOtherLoad } from './other-load.ts'

export interface LoadResult {
  readonly requests: number
  /** Answers with a status outside 2xx, and requests without an answer. */
  readonly failures: number
  readonly seconds: number
  /** What other processes took of the machine's CPU meanwhile. */
  readonly otherLoadPercent: number
  /** Milliseconds; in an open loop from the scheduled start of each request. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
}

export interface Target {
  /** Of the platform's process. */
  readonly pid: number
  /** Of servers that work for it. */
  readonly serverPids?: readonly number[]
  readonly pool: ConnectionPool
}

/** Microseconds, up to a minute, three digits. */
export const createHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 })

export function latencyOf(histogram: Histogram): LoadResult['latency'] {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000
  return { p50: at(50), p95: at(95), p99: at(99), max: histogram.maxValue / 1000 }
}

class Meter {
  readonly #histogram = createHistogram()
  readonly #startedMs = performance.now()
  readonly #otherLoad: () => number
  requests = 0
  failures = 0

  constructor({ pid, serverPids = [] }: Target) {
    this.#otherLoad = watchOtherLoad([pid, ...serverPids])
  }

  record(sinceMs: number, ok: boolean): void {
    this.requests += 1
    if (!ok) this.failures += 1
    this.#histogram.recordValue(Math.max(1, Math.round((performance.now() - sinceMs) * 1000)))
  }

  result(): LoadResult {
    return {
      requests: this.requests,
      failures: this.failures,
      seconds: (performance.now() - this.#startedMs) / 1000,
      otherLoadPercent: this.#otherLoad(),
      latency: latencyOf(this.#histogram),
    }
  }
}

/** As many requests as the callers manage, each sending its next one when the last one is answered: for throughput. */
export async function closedLoop(
  target: Target,
  { callers, seconds, next }: { callers: number; seconds: number; next: () => LoadRequest },
): Promise<LoadResult> {
  const meter = new Meter(target)
  const endMs = performance.now() + seconds * 1000
  const call = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const request = next()
      const startMs = performance.now()
      meter.record(startMs, await target.pool.send(request))
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return meter.result()
}

/** Requests at a fixed rate, whether or not earlier ones are answered, timed from when each was due: for latency. */
export async function openLoop(
  target: Target,
  { perSecond, seconds, next }: { perSecond: number; seconds: number; next: () => LoadRequest },
): Promise<LoadResult> {
  const meter = new Meter(target)
  const startMs = performance.now()
  const total = Math.round(perSecond * seconds)
  const inFlight = new Set<Promise<void>>()
  for (let sent = 0; sent < total;) {
    const dueCount = Math.min(total, Math.floor(((performance.now() - startMs) * perSecond) / 1000) + 1)
    for (; sent < dueCount; sent += 1) {
      const dueMs = startMs + (sent * 1000) / perSecond
      const answered = target.pool.send(next()).then((ok) => meter.record(dueMs, ok))
      inFlight.add(answered)
      void answered.finally(() => inFlight.delete(answered))
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
  }
  await Promise.all(inFlight)
  return meter.result()
}
