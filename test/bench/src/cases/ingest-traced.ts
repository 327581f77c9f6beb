import { allApplied } from '../harness/all-applied.ts'
import type { LoadRequest } from '../harness/connection.ts'
import { closedLoop } from '../harness/load.ts'
import { startMeasuredPlatform, type MeasuredPlatform } from '../harness/platform.ts'
import type { Report } from '../harness/report.ts'
import { startTraceSink, type TraceSink } from '../harness/trace-sink.ts'
import { EventMaker } from '../harness/workload.ts'

const population = { users: 10_000, items: 3_000 }
/** Of each platform in turn, each second time in the opposite order: the machine's speed changes within seconds. */
const rounds = 8
/** Of calls, where not all are recorded. */
const recordedShare = 0.05
/** Of the throughput with that share, in per cent: what traces may cost at most. */
const lostAtMost = 5

/**
 * What traces cost: the same load on a platform without them, on one that records a share of all calls and on one that
 * records every call, in turns. All three stand all the while; one that has nothing left to apply takes next to nothing.
 *
 * Two figures for each. The CPU of the platform's process per event, its own part of sending the spans included, says what
 * throughput is lost where the CPU is what limits it; generator and collector have no part in it. The events accepted in a
 * second say the same on a machine that has cores left for these two, and here, with two cores for all, too much. Per round, as
 * per cent of the platform without traces in the same round; the median of them.
 */
export async function benchIngestTraced(): Promise<Report> {
  return {
    'one by one': await compare({ callers: 64, events: 1, warmUpSeconds: 5, seconds: 2 }),
    'in batches of 100': await compare({ callers: 8, events: 100, warmUpSeconds: 3, seconds: 1 }),
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
  /** Microseconds. */
  readonly cpuPerEvent: number[] = []
  failures = 0
  otherLoadPercent = 0

  constructor(platform: MeasuredPlatform, load: Load) {
    this.#platform = platform
    this.#load = load
  }

  /** Its calls are in recorded traces, so that what records is compiled as it is after some minutes of service. */
  async warmUp(): Promise<void> {
    let made = 0
    const traceparent = (): string => `00-${(made += 1).toString(16).padStart(32, 'a')}-${'b'.repeat(16)}-01`
    await this.#run(this.#load.warmUpSeconds, traceparent)
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
    this.cpuPerEvent.push((((await this.#platform.usage()).cpuSeconds - before.cpuSeconds) * 1e6) / events)
    this.failures += failures
    this.otherLoadPercent = Math.max(this.otherLoadPercent, otherLoadPercent)
  }

  #run(seconds: number, traceparent?: () => string): ReturnType<typeof closedLoop> {
    const { callers, events } = this.#load
    const next = (): LoadRequest => ({
      ...(events === 1 ? this.#maker.single() : this.#maker.batch(events)),
      ...(traceparent && { traceparent: traceparent() }),
    })
    return closedLoop(this.#platform, { callers, seconds, next })
  }
}

async function compare(load: Load): Promise<Record<string, number | string>> {
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
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) await side.round()
  }
  return {
    ...verdict(partly, plain),
    ...described('without traces', plain, plain),
    ...described(`${100 * recordedShare} % recorded`, partly, plain),
    ...described('every call recorded', wholly, plain),
    'MB of traces sent': (await sink.end()).bytes / 1e6,
    failures: sides.reduce((sum, { failures }) => sum + failures, 0),
    'other load %': Math.max(...sides.map(({ otherLoadPercent }) => otherLoadPercent)),
  }
}

type Figure = 'acceptedPerSecond' | 'appliedPerSecond' | 'cpuPerEvent'

const percentOf = (plain: Side, side: Side, figure: Figure): number =>
  median(side[figure].map((value, round) => (100 * value) / (plain[figure][round] ?? Number.NaN)))

function verdict(partly: Side, plain: Side): Record<string, number | string> {
  const lost = 100 - 1e4 / percentOf(plain, partly, 'cpuPerEvent')
  return {
    [`throughput lost at ${100 * recordedShare} %, by CPU`]: lost,
    [`bar: below ${lostAtMost} %`]: lost < lostAtMost ? 'holds' : 'does not hold',
  }
}

function described(name: string, side: Side, plain: Side): Record<string, number> {
  return {
    [`${name}: accepted/s`]: median(side.acceptedPerSecond),
    [`${name}: CPU µs per event`]: median(side.cpuPerEvent),
    ...(side !== plain && {
      [`${name}: CPU, % of without`]: percentOf(plain, side, 'cpuPerEvent'),
      [`${name}: accepted, % of without`]: percentOf(plain, side, 'acceptedPerSecond'),
      [`${name}: applied, % of without`]: percentOf(plain, side, 'appliedPerSecond'),
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
