/*
 * Applies three days of a shop's traffic (Zipf over 10,000 users and 3,000 items), received at 10,000 events/s, the way
 * the feature service does, on one thread:
 *   node packages/online-store/bench/apply.ts [events] [batch size]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedOnlineStore } from '../src/drivers/embedded/index.ts'
import type { Application, Change, EntityRef, Entry, OnlineStore } from '../src/online-store.ts'

const USERS = 10_000
const ITEMS = 3000
const PARTITIONS = 8
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const tenant = 'bench'
const names = [
  'Product Viewed',
  'Product Viewed',
  'Product Viewed',
  'Product Clicked',
  'Product Added',
  'Order Completed',
]

let seed = 12_345
function random(): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return seed / 2 ** 32
}

/** Ranks with a probability in proportion to 1 / rank. */
const zipf = (count: number): number =>
  Math.min(count - 1, Math.floor(count ** random()) - 1 + (random() < 0.1 ? 1 : 0))

interface Event {
  readonly offset: number
  readonly messageId: string
  readonly user: number
  readonly item: string
  readonly name: string
  readonly atMs: number
  readonly receivedAtMs: number
}

const partitionOf = (user: number): number => user % PARTITIONS
const offsets = Array.from({ length: PARTITIONS }, () => 0)

function makeEvent(partition: number, atMs: number, receivedAtMs: number): Event {
  let user = zipf(USERS)
  user += partition - partitionOf(user)
  const offset = offsets[partition] ?? 0
  offsets[partition] = offset + 1
  const name = names[Math.floor(random() * names.length)] ?? ''
  const messageId = `node-next-${partition}-${offset}-5f9c1f7e-0b6e-4b8e`
  return { offset, messageId, user, item: `sku-${zipf(ITEMS)}`, name, atMs, receivedAtMs }
}

const userChanges = ({ name, item, atMs }: Event): Change[] => [
  { op: 'newest', part: `newest/${name}`, member: item, atMs, value: null, keep: 200 },
  { op: 'latest', part: 'latest/seen', field: 'last', atMs, value: name },
  { op: 'count', part: `count/${name}`, atMs, amount: 1 },
  { op: 'count', part: 'count/events', atMs, amount: 1 },
]
const itemChanges = ({ name, atMs }: Event): Change[] => [
  { op: 'count', part: `count/${name}`, atMs, amount: 1 },
  { op: 'count', part: 'count/events', atMs, amount: 1 },
]
const trendChanges = ({ name, item }: Event): Change[] => [
  { op: 'tally', part: `tally/${name}`, field: item, amount: 1 },
]
const clockChanges = ({ atMs }: Event): Change[] => [
  { op: 'latest', part: 'latest/clock', field: 'newestEvent', atMs, value: atMs },
]

function group(
  events: readonly Event[],
  partition: number,
  target: { entity: (event: Event) => EntityRef; changes: (event: Event) => Change[]; dedup?: boolean },
): Application[] {
  const groups = new Map<string, { entity: EntityRef; entries: Entry[] }>()
  for (const event of events) {
    const entity = target.entity(event)
    const key = `${entity.kind}/${entity.id}`
    const found = groups.get(key) ?? { entity, entries: [] }
    groups.set(key, found)
    const { offset, messageId, receivedAtMs } = event
    found.entries.push({ offset, messageId, receivedAtMs, changes: target.changes(event) })
  }
  const base =
    target.dedup === true ? { topic: 'events', partition, dedupWindowMs: DAY_MS } : { topic: 'events', partition }
  return Array.from(groups.values(), (application) => Object.assign(application, base))
}

const entityOf = (kind: string, id: (event: Event) => string) => (event: Event) => ({ tenant, kind, id: id(event) })
const bucket = (unitMs: number) => (event: Event) => String(Math.floor(event.atMs / unitMs) * unitMs)

async function applyBatch(store: OnlineStore, events: readonly Event[], partition: number): Promise<void> {
  const user = entityOf('user', (event) => `user-${event.user}`)
  await store.apply(group(events, partition, { entity: user, changes: userChanges, dedup: true }))
  await store.apply([
    ...group(events, partition, { entity: entityOf('item', (event) => event.item), changes: itemChanges }),
    ...group(events, partition, { entity: entityOf('trend-hour', bucket(HOUR_MS)), changes: trendChanges }),
    ...group(events, partition, { entity: entityOf('trend-day', bucket(DAY_MS)), changes: trendChanges }),
    ...group(events, partition, { entity: entityOf('tenant', () => 'tenant'), changes: clockChanges }),
  ])
}

async function timeReads(store: OnlineStore, rank: (count: number) => number): Promise<number> {
  const parts = [...new Set(names)].map((name) => `newest/${name}`).concat('latest/links')
  const count = 20_000
  const startedAt = performance.now()
  for (let index = 0; index < count; index++)
    await store.read([{ entity: { tenant, kind: 'user', id: `user-${rank(USERS)}` }, parts }])
  return ((performance.now() - startedAt) / count) * 1000
}

async function timeCache(store: OnlineStore): Promise<readonly [writeMicros: number, readMicros: number]> {
  const key = (index: number) => ({ entity: { tenant, kind: 'user', id: `user-${index % USERS}` }, name: 'scores' })
  const value = new Uint8Array(2000)
  const count = 20_000
  let startedAt = performance.now()
  for (let index = 0; index < count; index++) await store.writeCached(key(index), value, 60_000)
  const write = (performance.now() - startedAt) / count
  startedAt = performance.now()
  for (let index = 0; index < count; index++) await store.readCached([key(zipf(USERS))])
  return [write * 1000, ((performance.now() - startedAt) / count) * 1000]
}

const [eventCount = 200_000, batchSize = 1000] = process.argv.slice(2).map(Number)
const directory = await mkdtemp(join(tmpdir(), 'rapport-bench-'))
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const store = await openEmbeddedOnlineStore({ directory, log })
try {
  let atMs = Date.UTC(2026, 0, 1)
  let receivedAtMs = Date.now()
  const stepMs = (3 * DAY_MS) / eventCount
  for (let done = 0; done < eventCount;) {
    const until = Math.min(eventCount, done + eventCount / 5)
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    const from = done
    for (; done < until;) {
      const batches = Array.from({ length: PARTITIONS }, (_, partition) =>
        Array.from({ length: batchSize }, () =>
          makeEvent(partition, Math.floor((atMs += stepMs)), Math.floor((receivedAtMs += 0.1))),
        ),
      )
      await Promise.all(batches.map((events, partition) => applyBatch(store, events, partition)))
      done += batchSize * PARTITIONS
    }
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const perEvent = (value: number): string => (value / (done - from)).toFixed(1)
    say(
      `${done} events: ${Math.round((done - from) / seconds)}/s, CPU ${perEvent(user + system)} us an event (${perEvent(user)} user)`,
    )
  }
  const uniform = (count: number): number => Math.floor(random() * count)
  say(
    `read of a visitor's newest items: ${(await timeReads(store, uniform)).toFixed(1)} us of any, ${(await timeReads(store, zipf)).toFixed(1)} us of an active one`,
  )
  const [write, read] = await timeCache(store)
  say(`cached value of 2 kB: write ${write.toFixed(1)} us, read ${read.toFixed(1)} us`)
} finally {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
}
