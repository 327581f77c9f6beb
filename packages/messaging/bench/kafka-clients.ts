/*
 * Both Kafka clients under the event log, side by side in one process, on the brokers of RAPPORT_KAFKA_BROKERS
 * (`npm run infra up` starts one):
 *   node packages/messaging/bench/kafka-clients.ts [rounds]
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { loadavg } from 'node:os'
import type { EventLog, OutgoingRecord } from '../src/event-log.ts'
import * as kafkajs from '../src/drivers/kafkajs/index.ts'
import * as platformatic from '../src/drivers/platformatic/index.ts'

const RECORDS = 120_000
const BATCH = 500
const IN_FLIGHT = 4
const SINGLE_CALLERS = 256
const SINGLE_MS = 4000
const PROBES = 400
const PARTITIONS = 6
const drivers = { kafkajs, '@platformatic/kafka': platformatic }
type Driver = (typeof drivers)[keyof typeof drivers]
type Results = Map<string, number>

const brokers = process.env['RAPPORT_KAFKA_BROKERS']?.split(',') ?? []
const rounds = Number(process.argv[2] ?? 2)
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** About 900 bytes, of which a third does not compress. */
const bodies = Array.from({ length: 1000 }, (_, index) =>
  Buffer.from(
    JSON.stringify({
      type: 'track',
      messageId: randomUUID(),
      userId: `user-${index}`,
      event: 'Product Viewed',
      context: { library: { name: 'bench', version: '1.0.0' }, page: { url: `https://shop.example/p/${index}` } },
      properties: { product_id: `p-${index}`, noise: randomBytes(220).toString('base64') },
      padding: 'a view of a product in a shop like any other, '.repeat(7),
    }).padEnd(900),
  ),
)
let sequence = 0
function record(topic: string): OutgoingRecord {
  sequence += 1
  const value = bodies[sequence % bodies.length] ?? null
  return { topic, key: `user-${sequence % 5000}`, value, headers: { tenant: 'bench', schema: '1' } }
}

async function inFlight(callers: number, call: () => Promise<boolean>): Promise<void> {
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (await call());
    }),
  )
}

async function publishBatches(log: EventLog, topic: string, records: number): Promise<number> {
  let left = records / BATCH
  const startedAtMs = performance.now()
  await inFlight(IN_FLIGHT, async () => {
    if (left <= 0) return false
    left -= 1
    await log.publish(Array.from({ length: BATCH }, () => record(topic)))
    return true
  })
  return records / ((performance.now() - startedAtMs) / 1000)
}

async function publishSingly(log: EventLog, topic: string): Promise<number> {
  let count = 0
  const startedAtMs = performance.now()
  await inFlight(SINGLE_CALLERS, async () => {
    await log.publish([record(topic)])
    count += 1
    return performance.now() - startedAtMs < SINGLE_MS
  })
  return count / ((performance.now() - startedAtMs) / 1000)
}

async function consume(log: EventLog, topic: string, records: number): Promise<number> {
  const done = Promise.withResolvers<void>()
  let count = 0
  let startedAtMs = 0
  await using _subscriber = await log.subscribe({
    group: `bench-${randomUUID()}`,
    topics: [topic],
    onAssigned: () => void (startedAtMs = performance.now()),
    onBatch: async (batch) => {
      count += batch.records.length
      await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
      if (count >= records) done.resolve()
    },
  })
  await done.promise
  return count / ((performance.now() - startedAtMs) / 1000)
}

async function publishToHandler(log: EventLog, topic: string): Promise<number> {
  const took: number[] = []
  let seen: (() => void) | undefined
  let sentAtMs = Number.POSITIVE_INFINITY
  const assigned = Promise.withResolvers<void>()
  await using _subscriber = await log.subscribe({
    group: `bench-${randomUUID()}`,
    topics: [topic],
    onAssigned: () => assigned.resolve(),
    onBatch: async (batch) => {
      took.push(performance.now() - sentAtMs)
      await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
      seen?.()
    },
  })
  await assigned.promise
  for (let probe = 0; probe < PROBES; probe += 1) {
    const handled = new Promise<void>((resolve) => (seen = resolve))
    sentAtMs = performance.now()
    await Promise.all([log.publish([record(topic)]), handled])
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? Number.NaN
}

async function measure(driver: Driver, compression: 'none' | 'gzip', results: Results): Promise<void> {
  const name = (what: string): string => `test.bench-${what}-${randomUUID()}.v1`
  const topics = [name('batches'), name('single'), name('latency')].map(
    (topic) => ({ name: topic, partitions: PARTITIONS, cleanup: 'delete' }) as const,
  )
  const [batches = '', single = '', latency = ''] = topics.map((topic) => topic.name)
  const client = { brokers, compression }
  await using admin = driver.createTopicAdmin(client)
  const replication = { replication: 1, minInsyncReplicas: 1 }
  await driver.applyTopics(admin, await driver.planTopics(admin, topics, replication))
  const log = await driver.openKafkaEventLog({ client, topics, log: silent })
  await publishBatches(log, batches, BATCH * 20)
  results.set(`publish ${BATCH} x ${IN_FLIGHT}, ${compression}, records/s`, await publishBatches(log, batches, RECORDS))
  results.set(`consume and commit, ${compression}, records/s`, await consume(log, batches, RECORDS + BATCH * 20))
  if (compression === 'gzip') {
    results.set(`${SINGLE_CALLERS} callers of one record each, records/s`, await publishSingly(log, single))
    results.set('publish to handler, p50 ms', await publishToHandler(log, latency))
  }
  await log[Symbol.asyncDispose]()
  await admin.deleteTopics(topics.map((topic) => topic.name))
}

const load = (): string => loadavg()[0]?.toFixed(1) ?? ''
const columns: { readonly title: string; readonly results: Results }[] = []
// What the first round runs is not compiled yet.
for (let round = 0; round <= rounds; round += 1) {
  for (const [name, driver] of Object.entries(drivers)) {
    const before = load()
    const results: Results = new Map()
    for (const compression of ['gzip', 'none'] as const) await measure(driver, compression, results)
    if (round > 0) columns.push({ title: `${name}, round ${round} (load ${before}-${load()})`, results })
  }
}
const row = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`)
row(['', ...columns.map(({ title }) => title)])
row(['---', ...columns.map(() => '---')])
for (const what of columns[0]?.results.keys() ?? []) {
  row([
    what,
    ...columns.map(({ results }) => {
      const value = results.get(what) ?? Number.NaN
      return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
    }),
  ])
}
