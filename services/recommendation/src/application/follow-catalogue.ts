import { ItemSchema, topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, Follower, LogRecord } from '@rapport/messaging'
import { Compile } from 'typebox/compile'
import { within } from '../adapters/deadline.ts'
import type { Shops } from '../domain/shops.ts'

const itemValidator = Compile(ItemSchema)
const decoder = new TextDecoder()
/** Indexing goes on this long before waiting requests get their turn. */
const sliceMs = 4

export interface CatalogueFollower extends AsyncDisposable {
  isCaughtUp(): boolean
  /** Resolves when what stood at the beginning has been read, or after `deadlineMs`. */
  waitUntilCaughtUp(deadlineMs: number): Promise<void>
}

export interface FollowCatalogueDependencies {
  readonly eventLog: EventLog
  readonly shops: Shops
  readonly log: Log
}

/** Keeps every tenant's catalogue and content index at the newest item records. */
export async function followCatalogue(dependencies: FollowCatalogueDependencies): Promise<CatalogueFollower> {
  let caughtUp = false
  const follower: Follower = await dependencies.eventLog.follow(topics.items.name, (records) =>
    applyRecords(records, dependencies),
  )
  follower.caughtUp.then(
    () => {
      caughtUp = true
    },
    (error: unknown) => dependencies.log.error({ err: error }, 'the catalogue could not be read to its end'),
  )
  return {
    isCaughtUp: () => caughtUp,
    async waitUntilCaughtUp(deadlineMs) {
      try {
        await within(follower.caughtUp, deadlineMs, 'The catalogue')
      } catch (error) {
        dependencies.log.warn({ err: error }, 'answers begin before the whole catalogue is known')
      }
    },
    [Symbol.asyncDispose]: () => follower[Symbol.asyncDispose](),
  }
}

async function applyRecords(records: readonly LogRecord[], dependencies: FollowCatalogueDependencies): Promise<void> {
  let sliceEndMs = performance.now() + sliceMs
  for (const record of records) {
    applyRecord(record, dependencies)
    if (performance.now() < sliceEndMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    sliceEndMs = performance.now() + sliceMs
  }
}

function applyRecord(record: LogRecord, { shops, log }: FollowCatalogueDependencies): void {
  if (record.value === null) {
    const slash = record.key.indexOf('/')
    shops.forgetItem(record.key.slice(0, slash), record.key.slice(slash + 1))
    return
  }
  const item = readItem(record.value)
  if (item === undefined) {
    const { topic, partition, offset, key } = record
    log.error({ topic, partition, offset, key }, 'a catalogue record is not an item; it is left out')
    return
  }
  shops.of(item.tenant).applyItem(item)
}

function readItem(value: Uint8Array): ReturnType<typeof itemValidator.Parse> | undefined {
  try {
    const item: unknown = JSON.parse(decoder.decode(value))
    return itemValidator.Check(item) ? item : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
