import { allApplied } from '../harness/all-applied.ts'
import type { LoadRequest } from '../harness/connection.ts'
import { closedLoop } from '../harness/load.ts'
import { startMeasuredPlatform, type MeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'
import { startTraceSink, type TraceSink } from '../harness/trace-sink.ts'
import { EventMaker } from '../harness/workload.ts'

const population = { users: 10_000, items: 3_000 }
/** Of each platform in turn: the machine's speed changes within seconds. */
const rounds = 4
/** Of calls, where not all are recorded. */
const recordedShare = 0.05

/**
 * What traces cost: the same load on a platform without them, on one that records a share of all calls and on one that
 * records every call, in turns. All three stand all the while; one that has nothing left to apply takes next to nothing.
 */
export async function benchIngestTraced(): Promise<Report> {
  return {
    'one by one': await compare({ callers: 64, events: 1, warmUpSeconds: 4, seconds: 4 }),
    'in batches of 100': await compare({ callers: 8, events: 100, warmUpSeconds: 2, seconds: 1.5 }),
  }
}

interface Load {
  readonly callers: number
  /** Of a call. */
  readonly events: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** A platform, what it is given, and how it takes it. */
class Side {
  readonly #platform: MeasuredPlatform
  readonly #load: Load
  readonly #maker = new EventMaker(population)
  readonly acceptedPerSecond: number[] = []
  readonly appliedPerSecond: number[] = []
  #events = 0
  #cpuSeconds = 0
  failures = 0
  otherLoadPercent = 0

  constructor(platform: MeasuredPlatform, load: Load) {
    this.#platform = platform
    this.#load = load
  }

  async warmUp(): Promise<void> {
    await this.#run(this.#load.warmUpSeconds)
    await allApplied(this.#platform, this.#maker.made)
  }

  async round(): Promise<void> {
    const before = await this.#platform.usage()
    const startMs = performance.now()
    const { requests, failures, seconds, otherLoadPercent } = await this.#run(this.#load.seconds)
    await allApplied(this.#platform, this.#maker.made)
    const events = (requests - failures) * this.#load.events
    this.acceptedPerSecond.push(events / seconds)
    this.appliedPerSecond.push((events * 1000) / (performance.now() - startMs))
    this.#events += events
    this.#cpuSeconds += (await this.#platform.usage()).cpuSeconds - before.cpuSeconds
    this.failures += failures
    this.otherLoadPercent = Math.max(this.otherLoadPercent, otherLoadPercent)
  }

  get cpuPerEvent(): number {
    return (this.#cpuSeconds * 1e6) / this.#events
  }

  #run(seconds: number): ReturnType<typeof closedLoop> {
    const { callers, events } = this.#load
    const next = (): LoadRequest => (events === 1 ? this.#maker.single() : this.#maker.batch(events))
    return closedLoop(this.#platform, { callers, seconds, next })
  }
}

async function compare(load: Load): Promise<Record<string, number>> {
  await using sink = await startTraceSink()
  const share = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: String(recordedShare) }
  await using without = await start(load, sink)
  await using some = await start(load, sink, share)
  await using every = await start(load, sink, { OTEL_TRACES_SAMPLER: 'parentbased_always_on' })
  const plain = new Side(without, load)
  const partly = new Side(some, load)
  const wholly = new Side(every, load)
  const sides = [plain, partly, wholly]
  for (const side of sides) await side.warmUp()
  for (let round = 0; round < rounds; round += 1) for (const side of sides) await side.round()
  return {
    ...described('without traces', plain, plain),
    ...described(`${100 * recordedShare} % recorded`, partly, plain),
    ...described('every call recorded', wholly, plain),
    'MB of traces sent': (await sink.end()).bytes / 1e6,
    failures: sides.reduce((sum, { failures }) => sum + failures, 0),
    'other load %': Math.max(...sides.map(({ otherLoadPercent }) => otherLoadPercent)),
  }
}

function described(name: string, side: Side, plain: Side): Record<string, number> {
  const ratios = (of: 'acceptedPerSecond' | 'appliedPerSecond'): number[] =>
    side[of].map((rate, round) => (100 * rate) / (plain[of][round] ?? Number.NaN))
  return {
    [`${name}: accepted/s`]: median(side.acceptedPerSecond),
    [`${name}: CPU µs per event`]: side.cpuPerEvent,
    ...(side !== plain && {
      [`${name}: accepted, % of without`]: median(ratios('acceptedPerSecond')),
      [`${name}: applied, % of without`]: median(ratios('appliedPerSecond')),
    }),
  }
}

async function start({ callers }: Load, sink: TraceSink, traces?: Readonly<Record<string, string>>) {
  const env = traces && { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...traces }
  const platform = await startMeasuredPlatform({ connections: callers, ...(env && { env }) })
  return { ...platform, serverPids: [sink.pid] }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}
