/*
 * A producer that is nothing but its client library: idempotent, acks=all, gzip, so many records a call, so many calls at
 * once. The measure for what stands between HTTP and the brokers. The level of gzip is the library's, which neither has an
 * option for, or the drivers'.
 *   node packages/messaging/bench/bare-producer-process.ts kafkajs|platformatic library|driver BROKERS TOPIC SECONDS <records.ndjson
 * Each line of the input is { key, value, headers }; they are sent over and over. Prints records a second, after as
 * long again (at most 3 s) in which the code gets compiled.
 */
import { text } from 'node:stream/consumers'
import {
  compressionsAlgorithms,
  ProduceAcks,
  Producer,
  stringSerializers,
  type CompressionAlgorithmSpecification,
} from '@platformatic/kafka'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { gzipRecords } from '../src/drivers/kafka/gzip.ts'
import { registerCodecs } from '../src/drivers/kafkajs/codecs.ts'

const RECORDS = 500
const IN_FLIGHT = 4
const MAX_WARM_UP_SECONDS = 3

interface Message {
  readonly key: string
  readonly value: string
  readonly headers: Record<string, string>
}
interface BareProducer {
  send(messages: Message[]): Promise<unknown>
  close(): Promise<unknown>
}

const clients: Readonly<Record<string, (brokers: string[], topic: string) => Promise<BareProducer>>> = {
  async kafkajs(brokers, topic) {
    if (level === 'driver') registerCodecs()
    const kafka = new Kafka({ clientId: 'bare', brokers, logLevel: logLevel.ERROR })
    const producer = kafka.producer({ idempotent: true })
    await producer.connect()
    return {
      send: (messages) => producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages }),
      close: () => producer.disconnect(),
    }
  },
  async platformatic(brokers, topic) {
    if (level === 'driver') {
      Object.assign(compressionsAlgorithms.gzip, {
        compress: (records) => gzipRecords(Buffer.isBuffer(records) ? records : records.buffer),
      } satisfies Partial<CompressionAlgorithmSpecification>)
    }
    const producer = new Producer({
      clientId: 'bare',
      bootstrapBrokers: brokers,
      idempotent: true,
      acks: ProduceAcks.ALL,
      compression: 'gzip',
      serializers: stringSerializers,
    })
    return {
      send: (messages) =>
        producer.send({
          messages: messages.map(({ key, value, headers }) => ({
            topic,
            key,
            value,
            headers: new Map(Object.entries(headers)),
          })),
        }),
      close: () => producer.close(true),
    }
  },
}

const [name = '', level = '', brokers = '', topic = '', seconds = ''] = process.argv.slice(2)
const connect = clients[name]
if (connect === undefined) throw new Error(`no client is called ${JSON.stringify(name)}`)
const messages: Message[] = (await text(process.stdin))
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
const producer = await connect(brokers.split(','), topic)
let sent = 0

async function sendFor(durationMs: number): Promise<number> {
  const first = sent
  const startedAtMs = performance.now()
  const call = async (): Promise<void> => {
    while (performance.now() - startedAtMs < durationMs) {
      const start = sent % messages.length
      sent += RECORDS
      const batch = Array.from({ length: RECORDS }, (_, index) => messages[(start + index) % messages.length])
      await producer.send(batch.filter((message) => message !== undefined))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, call))
  return (sent - first) / ((performance.now() - startedAtMs) / 1000)
}

const durationMs = Number(seconds) * 1000
await sendFor(Math.min(durationMs, MAX_WARM_UP_SECONDS * 1000))
process.stdout.write(`${await sendFor(durationMs)}\n`)
await producer.close()
