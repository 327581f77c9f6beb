import { topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord, RecordPosition } from '@rapport/messaging'
import { crc32 } from 'node:zlib'
import { readItem } from '../domain/read-item.ts'

export interface ItemVersion {
  readonly version: number
  /** Of the record's bytes: two records of one version may differ where the online store has lost the first. */
  readonly fingerprint: number
}

export interface ItemVersionsDependencies {
  readonly eventLog: EventLog
  readonly log: Log
}

/** Publishers of one version come within moments of each other; so many superseded versions are remembered. */
const rememberedRecords = 10_000

interface Waiter {
  readonly positions: readonly RecordPosition[]
  readonly resolve: () => void
}

/**
 * The newest version of every item in `rapport.items.v1`, and which records changed nothing for those who follow it. The
 * online store may go back to older documents or lose them; the topic does not, so it is what versions are compared with.
 */
export class ItemVersions implements AsyncDisposable {
  readonly #dependencies: ItemVersionsDependencies
  readonly #newest = new Map<string, ItemVersion>()
  readonly #superseded = new Map<string, number>()
  /** Positions of records whose version was taken by other ones, so that nobody heeds them. */
  readonly #hidden = new Set<string>()
  readonly #nextOffsets: number[] = []
  readonly #waiters = new Set<Waiter>()
  #follower: Promise<Follower> | undefined

  constructor(dependencies: ItemVersionsDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    const { eventLog } = this.#dependencies
    this.#follower ??= eventLog.follow(topics.items.name, (records) => this.#take(records))
    await this.#follower
  }

  /** Resolves when everything that stood in the topic at the start is known. */
  async caughtUp(): Promise<void> {
    await (
      await this.#follower
    )?.caughtUp
  }

  newestOf(key: string): ItemVersion | undefined {
    return this.#newest.get(key)
  }

  /** Resolves when the records at these positions have been read: for each, whether followers heed it. */
  async heeded(positions: readonly RecordPosition[]): Promise<readonly boolean[]> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { positions, resolve }
    if (!this.#hasRead(waiter)) {
      this.#waiters.add(waiter)
      await promise
    }
    return positions.map((position) => !this.#hidden.has(placeOf(position)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#follower?.catch(() => undefined))?.[Symbol.asyncDispose]()
  }

  #take(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.#takeOne(record)
      this.#nextOffsets[record.partition] = record.offset + 1
    }
    for (const waiter of this.#waiters) {
      if (!this.#hasRead(waiter)) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  #takeOne({ key, value, partition, offset }: LogRecord): void {
    if (value === null) {
      this.#newest.delete(key)
      return
    }
    const item = readItem(value)
    if (item === undefined) {
      this.#dependencies.log.warn({ key, partition, offset }, 'a record of the catalogue is no item; left out')
      return
    }
    const { version } = item
    const fingerprint = crc32(value)
    const known = this.#newest.get(key)
    if (known === undefined || version > known.version) {
      if (known !== undefined) this.#supersede(key, known)
      this.#newest.set(key, { version, fingerprint })
      return
    }
    const earlier = version === known.version ? known.fingerprint : this.#superseded.get(`${version} ${key}`)
    if (earlier !== fingerprint) remember(this.#hidden, placeOf({ partition, offset }))
  }

  #supersede(key: string, { version, fingerprint }: ItemVersion): void {
    this.#superseded.set(`${version} ${key}`, fingerprint)
    if (this.#superseded.size > rememberedRecords) this.#superseded.delete(this.#superseded.keys().next().value ?? '')
  }

  #hasRead({ positions }: Waiter): boolean {
    return positions.every(({ partition, offset }) => (this.#nextOffsets[partition] ?? 0) > offset)
  }
}

const placeOf = ({ partition, offset }: Pick<RecordPosition, 'partition' | 'offset'>): string =>
  `${partition}/${offset}`

function remember(set: Set<string>, entry: string): void {
  set.add(entry)
  if (set.size > rememberedRecords) set.delete(set.values().next().value ?? '')
}
