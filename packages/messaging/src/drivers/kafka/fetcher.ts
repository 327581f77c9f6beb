import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { Signal } from '../shared/signal.ts'
import { EARLIEST, type FetchedPartition, type KafkaConnection } from './connection.ts'
import { toKafkaError, type KafkaError } from './kafka-error.ts'

const LIMITS = { maxBytes: 16 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 }
const RETRY = { baseMs: 50, maxMs: 2000 }

/** A partition that somebody reads. */
export interface FetchTarget {
  readonly topic: string
  readonly partition: number
  /** Where to fetch; undefined while it has enough. */
  readonly wanted: number | undefined
  /** Takes what was fetched from `offset`, unless it is elsewhere by now. */
  take(fetched: FetchedPartition, offset: number): void
  /** The log begins only there. */
  takeGap(startOffset: number, offset: number): void
}

export interface FetcherOptions {
  readonly connection: KafkaConnection
  readonly log: Log
  readonly random: () => number
  /** A partition that asks while its broker holds a request of the others waits this long at most. */
  readonly maxWaitMs: number
}

/** One place of a request, and those who wait there. */
interface AskedPlace {
  readonly targets: readonly FetchTarget[]
  readonly offset: number
}

/**
 * A request names each partition once: of several who read one, those furthest behind get their turn, and the others when
 * they have caught up.
 */
function placesOf(targets: readonly FetchTarget[]): Map<string, AskedPlace> {
  const places = new Map<string, AskedPlace>()
  for (const target of targets) {
    const offset = target.wanted
    if (offset === undefined) continue
    const key = `${target.topic}/${target.partition}`
    const standing = places.get(key)
    if (standing === undefined || offset < standing.offset) places.set(key, { targets: [target], offset })
    else if (offset === standing.offset) places.set(key, { targets: [...standing.targets, target], offset })
  }
  return places
}

/** Keeps one request at each broker for all partitions that are wanted from it. Never gives up: it backs off. */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #targets = new Set<FetchTarget>()
  readonly #busy = new Set<number>()
  readonly #changed = new Signal()
  readonly #aborted = new AbortController()
  #failures = 0
  #wanted = false

  constructor(options: FetcherOptions) {
    this.#options = options
    void this.#run()
  }

  add(target: FetchTarget): void {
    this.#targets.add(target)
    this.wake()
  }

  remove(target: FetchTarget): void {
    this.#targets.delete(target)
  }

  /** Some target wants more. */
  readonly wake = (): void => {
    this.#wanted = true
    this.#changed.notify()
  }

  stop(): void {
    this.#aborted.abort()
    this.#targets.clear()
    this.#changed.notify()
  }

  async #run(): Promise<void> {
    while (!this.#aborted.signal.aborted) {
      this.#wanted = false
      try {
        for (const [leader, targets] of await this.#wantedByLeader()) {
          if (!this.#busy.has(leader)) void this.#fetch(leader, targets)
        }
      } catch (error) {
        await this.#recover(toKafkaError(error))
        continue
      }
      if (!this.#wanted && !this.#aborted.signal.aborted) await this.#changed.wait()
    }
  }

  async #wantedByLeader(): Promise<Map<number, FetchTarget[]>> {
    const byLeader = new Map<number, FetchTarget[]>()
    for (const target of this.#targets) {
      if (target.wanted === undefined) continue
      const leaders = await this.#options.connection.leaders(target.topic)
      const leader = leaders[target.partition] ?? -1
      const others = byLeader.get(leader)
      if (others === undefined) byLeader.set(leader, [target])
      else others.push(target)
    }
    return byLeader
  }

  async #fetch(leader: number, targets: readonly FetchTarget[]): Promise<void> {
    this.#busy.add(leader)
    const asked = placesOf(targets)
    const positions = [...asked.values()].flatMap(({ targets: [first], offset }) =>
      first === undefined ? [] : [{ topic: first.topic, partition: first.partition, offset }],
    )
    try {
      const { connection, maxWaitMs } = this.#options
      const fetched = positions.length === 0 ? [] : await connection.fetch(leader, positions, { ...LIMITS, maxWaitMs })
      this.#failures = 0
      for (const part of fetched) {
        const place = asked.get(`${part.topic}/${part.partition}`)
        for (const target of place?.targets ?? []) if (this.#targets.has(target)) target.take(part, place?.offset ?? 0)
      }
    } catch (error) {
      await this.#handle(toKafkaError(error), asked)
    } finally {
      this.#busy.delete(leader)
      this.wake()
    }
  }

  async #handle(failure: KafkaError, asked: ReadonlyMap<string, AskedPlace>): Promise<void> {
    const { place } = failure
    const lost = place === undefined ? undefined : asked.get(`${place.topic}/${place.partition}`)
    if (failure.type !== 'OFFSET_OUT_OF_RANGE' || lost === undefined) return this.#recover(failure)
    const [first] = lost.targets
    if (first === undefined) return
    const { topic, partition } = first
    try {
      const start = (await this.#options.connection.offsetsAt(topic, [partition], EARLIEST)).get(partition) ?? 0
      for (const target of lost.targets) target.takeGap(start, lost.offset)
    } catch (error) {
      await this.#recover(toKafkaError(error))
    }
  }

  async #recover(failure: KafkaError): Promise<void> {
    const { connection, log, random } = this.#options
    if (this.#aborted.signal.aborted) return
    const waitMs = backoffMs(this.#failures, { ...RETRY, random })
    const fields = { err: failure, waitMs, failures: this.#failures }
    if (this.#failures === 0) log.warn(fields, 'fetching records failed and will be tried again')
    else log.debug(fields, 'fetching records failed again')
    this.#failures += 1
    await sleep(waitMs, undefined, { signal: this.#aborted.signal }).catch(() => undefined)
    if (!this.#aborted.signal.aborted) await connection.refresh().catch(() => undefined)
  }
}
