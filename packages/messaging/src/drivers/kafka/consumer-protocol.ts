import type { TopicPartition } from '../../event-log.ts'

/*
 * What members of a group tell each other through its coordinator, as every client of Kafka encodes it
 * (ConsumerProtocolSubscription and ConsumerProtocolAssignment, version 0): big-endian, strings and arrays with their length.
 */
const VERSION = 0

export interface Subscription {
  readonly topics: readonly string[]
  readonly userData: string
}

export function encodeSubscription({ topics, userData }: Subscription): Buffer {
  return Buffer.concat([int16(VERSION), int32(topics.length), ...topics.map(text), bytes(userData)])
}

export function decodeSubscription(buffer: Buffer): Subscription {
  const reader = new Reader(buffer)
  reader.int16()
  const topics = Array.from({ length: reader.int32() }, () => reader.text())
  return { topics, userData: reader.bytes() }
}

/** Without user data. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  const parts = [...topics].flatMap(([topic, owned]) => [
    text(topic),
    int32(owned.length),
    ...owned.map(({ partition }) => int32(partition)),
  ])
  return Buffer.concat([int16(VERSION), int32(topics.size), ...parts, bytes('')])
}

/** A member that the leader left out gets no bytes at all. */
export function decodeAssignment(buffer: Buffer): readonly TopicPartition[] {
  if (buffer.length === 0) return []
  const reader = new Reader(buffer)
  reader.int16()
  const topics = Array.from({ length: reader.int32() }, () => {
    const topic = reader.text()
    return Array.from({ length: reader.int32() }, () => ({ topic, partition: reader.int32() }))
  })
  return topics.flat()
}

function int16(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(2)
  buffer.writeInt16BE(value)
  return buffer
}

function int32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}

function text(value: string): Buffer {
  const encoded = Buffer.from(value, 'utf8')
  return Buffer.concat([int16(encoded.length), encoded])
}

function bytes(value: string): Buffer {
  const encoded = Buffer.from(value, 'utf8')
  return Buffer.concat([int32(encoded.length), encoded])
}

class Reader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int16(): number {
    this.#at += 2
    return this.#buffer.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#buffer.readInt32BE(this.#at - 4)
  }

  text(): string {
    return this.#take(this.int16())
  }

  /** Null is empty; other clients leave it out. */
  bytes(): string {
    return this.#at >= this.#buffer.length ? '' : this.#take(Math.max(0, this.int32()))
  }

  #take(length: number): string {
    this.#at += length
    return this.#buffer.toString('utf8', this.#at - length, this.#at)
  }
}
