import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { topics } from '@rapport/contracts'
import type { LogRecord } from '@rapport/messaging'
import type { Installation } from '@rapport/test-resilience/installation'

const program = fileURLToPath(import.meta.resolve('@rapport/messaging/bare-producer'))
const sampleRecords = 4_000

/** Records that stand in the events' topic, for a producer that sends the same. */
export async function sampleEvents(installation: Installation): Promise<readonly LogRecord[]> {
  await using drivers = await installation.connect()
  const { eventLog } = drivers
  const topic = topics.events.name
  const extents = await eventLog.extents(topic)
  const samples = await Promise.all(
    extents.map(({ partition, firstOffset }) =>
      eventLog.read({ topic, partition, offset: firstOffset }, Math.ceil(sampleRecords / extents.length)),
    ),
  )
  return samples.flat()
}

export interface BareProducerOptions {
  readonly client: string
  /** The level of gzip: as the library has it, or as our drivers do. */
  readonly level: 'library' | 'driver'
  readonly brokers: readonly string[]
  readonly records: readonly LogRecord[]
  readonly seconds: number
}

/** Records a second that a client library alone writes to the events' topic, as a process of its own. */
export async function bareProducer({ client, level, brokers, records, seconds }: BareProducerOptions): Promise<number> {
  const args = [client, level, brokers.join(','), topics.events.name, String(seconds)]
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = records.map(({ key, value, headers }) =>
    JSON.stringify({ key, value: Buffer.from(value ?? []).toString(), headers }),
  )
  child.stdin.end(lines.join('\n'))
  const perSecond = Number(await text(child.stdout))
  if (!(perSecond > 0)) throw new Error(`the bare producer of ${client} has failed`)
  return perSecond
}
