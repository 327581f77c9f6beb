import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { Signal } from '../shared/signal.ts'
import { EARLIEST, type FetchedPartition, type KafkaConnection, type UnreadableBatch } from './connection.ts'
import { FetchHolds } from './fetch-holds.ts'
import { isDenied, isLogDamaged, toKafkaError, type KafkaError } from './kafka-error.ts'

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
  /** What follows cannot be decoded. True when it goes on behind that, false when it stands still there. */
  meetUnreadable(batch: UnreadableBatch): boolean
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
    const key = nameOf(target)
    const standing = places.get(key)
    if (standing === undefined || offset < standing.offset) places.set(key, { targets: [target], offset })
    else if (offset === standing.offset) places.set(key, { targets: [...standing.targets, target], offset })
  }
  return places
}

/**
 * Keeps one request at each broker for all partitions that are wanted from it. Never gives up: it backs off. A partition
 * that alone is in trouble is left out of the requests meanwhile, and its neighbours go on.
 */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #targets = new Set<FetchTarget>()
  readonly #busy = new Set<number>()
  readonly #changed = new Signal()
  readonly #aborted = new AbortController()
  readonly #holds: FetchHolds
  #failures = 0
  #wanted = false

  constructor(options: FetcherOptions) {
    this.#options = options
    this.#holds = new FetchHolds(options.random, this.wake)
    void this.#run()
  }

  add(target: FetchTarget): void {
    this.#targets.add(target)
    this.wake()
  }

  remove(target: FetchTarget): void {
    this.#targets.delete(target)
    const name = nameOf(target)
    if (![...this.#targets].some((other) => nameOf(other) === name)) this.#holds.release(name)
  }

  /** Some target wants more. */
  readonly wake = (): void => {
    this.#wanted = true
    this.#changed.notify()
  }

  stop(): void {
    this.#aborted.abort()
    this.#targets.clear()
    this.#holds.clear()
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
      const { wanted } = target
      if (wanted === undefined || this.#holds.isHeld(nameOf(target))) continue
      const leaders = await this.#leaders(target.topic)
      if (leaders === undefined) continue
      const leader = leaders[target.partition] ?? -1
      const others = byLeader.get(leader)
      if (others === undefined) byLeader.set(leader, [target])
      else others.push(target)
    }
    return byLeader
  }

  /** Undefined when the user may not see the topic. */
  async #leaders(topic: string): Promise<readonly number[] | undefined> {
    try {
      return await this.#options.connection.leaders(topic)
    } catch (error) {
      const failure = toKafkaError(error)
      if (!isDenied(failure)) throw error
      this.#holdTopic(topic, failure)
      return undefined
    }
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
        const place = asked.get(nameOf(part))
        if (place !== undefined) this.#handOut(part, place)
      }
    } catch (error) {
      await this.#handle(toKafkaError(error), asked)
    } finally {
      this.#busy.delete(leader)
      this.wake()
    }
  }

  #handOut(part: FetchedPartition, { targets, offset }: AskedPlace): void {
    const reading = targets.filter((target) => this.#targets.has(target))
    for (const target of reading) target.take(part, offset)
    const { unreadable, topic, partition } = part
    if (unreadable === undefined) {
      this.#holds.release(nameOf(part))
      return
    }
    if (reading.map((target) => target.meetUnreadable(unreadable)).includes(true)) return
    const { offset: from, nextOffset: to, error } = unreadable
    const { waitMs, failures } = this.#holds.hold(nameOf(part), from)
    this.#options.log.error(
      { err: error, topic, partition, from, to, waitMs, failures },
      'a batch of records cannot be decoded: its partition stands still',
    )
  }

  /** The user may not read it: said, and tried again from time to time, because rights are given while others go on. */
  #holdTopic(topic: string, failure: KafkaError): void {
    const held = [...this.#targets].filter((target) => target.topic === topic && target.wanted !== undefined)
    for (const target of held) {
      const { waitMs, failures } = this.#holds.hold(nameOf(target), target.wanted ?? 0)
      const fields = { err: failure, topic, partition: target.partition, waitMs, failures }
      this.#options.log.error(fields, 'the topic may not be read')
    }
  }

  async #handle(failure: KafkaError, asked: ReadonlyMap<string, AskedPlace>): Promise<void> {
    const { place } = failure
    if (isDenied(failure) && place !== undefined) {
      this.#holdTopic(place.topic, failure)
      return
    }
    const lost = place === undefined ? undefined : asked.get(nameOf(place))
    if (place !== undefined && lost !== undefined && isLogDamaged(failure)) {
      const { waitMs, failures } = this.#holds.hold(nameOf(place), lost.offset)
      const fields = { err: failure, ...place, offset: lost.offset, waitMs, failures }
      this.#options.log.error(fields, 'a broker cannot read its own log: the partition stands still')
      // Another may lead it by now.
      await this.#options.connection.refresh().catch(() => undefined)
      return
    }
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

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`
