import { bareProducer, sampleEvents } from '../harness/bare-producer.ts'
import type { LoadRequest } from '../harness/connection.ts'
import type { LoadResult } from '../harness/load.ts'
import { closedLoop } from '../harness/load.ts'
import { cpuSecondsOf } from '../harness/other-load.ts'
import { startProduction, type Production } from '../harness/production.ts'
import type { Report } from '../harness/report.ts'
import { browserContext, EventMaker } from '../harness/workload.ts'

const population = { users: 10_000, items: 3_000 }
const batch = 100
const bareSeconds = 5
/** Of batches, with the bare producer before, between and after: the machine's speed changes within seconds. */
const rounds = 3
const inBatches = { callers: 32, warmUpSeconds: 3, seconds: 6 }
const oneByOne = { callers: 128, warmUpSeconds: 2, seconds: 6 }

/**
 * Acknowledged by Kafka with acks=all, by each client library; the library alone, with the same records, before, between
 * and after, since a machine's speed changes, at its own level of gzip and at our drivers'. Latencies are those of the slowest round.
 */
export async function benchIngestOnKafka(): Promise<Report> {
  await using production = await startProduction()
  return {
    kafkajs: await ingest(production, 'kafkajs'),
    '@platformatic/kafka': await ingest(production, 'platformatic'),
  }
}

async function ingest(production: Production, client: string): Promise<Record<string, number>> {
  const env = { RAPPORT_KAFKA_CLIENT: client }
  const { installation } = production
  const maker = new EventMaker(population, browserContext)
  const service = await production.measured('ingestion', { connections: oneByOne.callers, env })
  const load = async (
    { callers, warmUpSeconds, seconds }: typeof inBatches,
    next: () => LoadRequest,
  ): Promise<LoadResult & { cpuSeconds: number }> => {
    await closedLoop(service, { callers, seconds: warmUpSeconds, next })
    const before = cpuSecondsOf(service.pid)
    const result = await closedLoop(service, { callers, seconds, next })
    return { ...result, cpuSeconds: cpuSecondsOf(service.pid) - before }
  }
  await closedLoop(service, { callers: 1, seconds: 1, next: () => maker.batch(batch) })
  const records = await sampleEvents(installation)
  const { brokers } = installation.kafka
  const bare = (level: 'library' | 'driver'): Promise<number> =>
    bareProducer({ client, level, brokers, records, seconds: bareSeconds })
  const bares = [await bare('library')]
  const atOurLevel = [await bare('driver')]
  const batches: (LoadResult & { cpuSeconds: number })[] = []
  for (let round = 0; round < rounds; round += 1) {
    batches.push(await load(inBatches, () => maker.batch(batch)))
    bares.push(await bare('library'))
    atOurLevel.push(await bare('driver'))
  }
  const single = await load(oneByOne, () => maker.single())
  await service[Symbol.asyncDispose]()
  const barePerSecond = sum(bares) / bares.length
  const atOurLevelPerSecond = sum(atOurLevel) / atOurLevel.length
  const batched = sum(batches.map(({ requests, failures }) => (requests - failures) * batch))
  const batchedPerSecond = batched / sum(batches.map(({ seconds }) => seconds))
  const bytes = sum(records.map(({ value }) => value?.byteLength ?? 0))
  return {
    'bytes a record': bytes / records.length,
    'bare producer, records per second': barePerSecond,
    'batches of 100, events per second': batchedPerSecond,
    'batches, % of the bare producer': (100 * batchedPerSecond) / barePerSecond,
    'bare producer at our level of gzip, records per second': atOurLevelPerSecond,
    'batches, % of that': (100 * batchedPerSecond) / atOurLevelPerSecond,
    'batches, p50 ms': Math.max(...batches.map(({ latency }) => latency.p50)),
    'batches, p99 ms': Math.max(...batches.map(({ latency }) => latency.p99)),
    'batches, CPU µs per event': (sum(batches.map(({ cpuSeconds }) => cpuSeconds)) * 1e6) / batched,
    'one by one, events per second': (single.requests - single.failures) / single.seconds,
    'one by one, p50 ms': single.latency.p50,
    'one by one, p99 ms': single.latency.p99,
    'one by one, CPU µs per event': (single.cpuSeconds * 1e6) / single.requests,
    failures: sum([...batches, single].map(({ failures }) => failures)),
    'other load %': Math.max(...[...batches, single].map(({ otherLoadPercent }) => otherLoadPercent)),
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
