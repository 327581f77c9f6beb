import { deadLetterTopicOf, type TopicDescription } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openEmbeddedHarness, silent, type EmbeddedHarness } from '../drivers/embedded/testing/harness.ts'
import type { EventLog, LogRecord, Subscriber } from '../event-log.ts'
import type { ConsumerMetric, ConsumerOptions } from './consumer-options.ts'
import { runConsumer } from './consumer.ts'
import { bytesOf, readDeadLetter } from './dead-letter.ts'
import { deadLetter, decoded, drop, RecordError, type Exception } from './outcomes.ts'

const WAIT = { timeout: 20_000, interval: 5 }
const topic = 'test.numbers.v1'
const topics: TopicDescription[] = [
  { name: topic, partitions: 1, cleanup: 'delete', retentionMs: 3_600_000 },
  { name: deadLetterTopicOf(topic), partitions: 1, cleanup: 'delete' },
  { name: 'test.bare.v1', partitions: 1, cleanup: 'delete' },
]

class EnvironmentError extends RapportError {
  constructor() {
    super('RPT_TEST_DOWN', 'the store is down', { canRetry: true })
  }
}

let harness: EmbeddedHarness
let eventLog: EventLog
let metrics: ConsumerMetric[]

beforeEach(async () => {
  harness = await openEmbeddedHarness(topics)
  eventLog = await harness.connect({ random: () => 0 })
  metrics = []
})
afterEach(() => harness[Symbol.asyncDispose]())

const publish = (values: readonly string[]) =>
  eventLog.publish(
    values.map((value) => ({ topic, key: `key-${value}`, value: Buffer.from(value), headers: { h: value } })),
  )

const decode = (record: LogRecord) => {
  const value = Number(Buffer.from(record.value ?? []).toString())
  return Number.isNaN(value) ? deadLetter('RPT_TEST_PARSE', 'not a number') : decoded(value)
}

const start = (process: ConsumerOptions<number>['process'], more: Partial<ConsumerOptions<number>> = {}) =>
  runConsumer<number>({
    eventLog,
    group: 'numbers',
    topics: [topic],
    log: silent,
    decode,
    process,
    onMetric: (metric) => metrics.push(metric),
    ...more,
  })

const committed = async (): Promise<number> => (await eventLog.checkpoints('numbers', topic)).get(0)?.nextOffset ?? 0
const letters = async () => {
  const records = await eventLog.read({ topic: deadLetterTopicOf(topic), partition: 0, offset: 0 }, 1000)
  return records.map((record) => ({ key: record.key, body: readDeadLetter(record) }))
}
const countOf = (kind: ConsumerMetric['kind']): number =>
  metrics.filter((metric) => metric.kind === kind).reduce((sum, { count }) => sum + count, 0)

describe('outcomes', () => {
  test('done, dropped and refused records are all passed; refused ones lie whole in the dead letters', async () => {
    await publish(['0', '1', 'x', '3', '4'])
    const applied: number[] = []
    await using _consumer = await start(async ({ entries }) => {
      const exceptions = new Map<number, Exception>()
      for (const { record, value } of entries) {
        if (value === 1) exceptions.set(record.offset, drop('odd'))
        else if (value === 3) exceptions.set(record.offset, deadLetter('RPT_TEST_THREE', 'three is refused'))
        else applied.push(value)
      }
      return exceptions
    })
    await vi.waitFor(async () => expect(await committed()).toBe(5), WAIT)
    expect(applied).toEqual([0, 4])
    const found = await letters()
    expect(found.map(({ key }) => key)).toEqual([`${topic}/0/2`, `${topic}/0/3`])
    expect(found[0]?.body).toMatchObject({
      topic,
      partition: 0,
      offset: 2,
      key: 'key-x',
      value: Buffer.from('x').toString('base64'),
      headers: { h: 'x' },
      code: 'RPT_TEST_PARSE',
      message: 'not a number',
      group: 'numbers',
    })
    expect(found[1]?.body?.code).toBe('RPT_TEST_THREE')
    expect(metrics).toContainEqual({ topic, kind: 'dropped', count: 1, reason: 'odd' })
    expect(metrics).toContainEqual({ topic, kind: 'dead letter', count: 1, code: 'RPT_TEST_THREE' })
    expect(countOf('processed')).toBe(2)
  })

  test('a batch step names the records at fault by offset', async () => {
    await publish(['0', '1', '2'])
    await using _consumer = await start(async () => new Map([[1, deadLetter('RPT_TEST_ONE', 'one')]]))
    await vi.waitFor(async () => expect(await committed()).toBe(3), WAIT)
    expect((await letters()).map(({ body }) => body?.offset)).toEqual([1])
  })

  test('a record error thrown for a batch is found by halving; all others are applied', async () => {
    await publish(['0', '1', '2', '3', '4', '5', '6'])
    const applied = new Set<number>()
    await using _consumer = await start(async ({ entries }) => {
      if (entries.some(({ value }) => value === 5)) throw new RecordError('RPT_TEST_FIVE', 'five')
      for (const { value } of entries) applied.add(value)
    })
    await vi.waitFor(async () => expect(await committed()).toBe(7), WAIT)
    expect(applied).toEqual(new Set([0, 1, 2, 3, 4, 6]))
    expect((await letters()).map(({ body }) => [body?.offset, body?.code])).toEqual([[5, 'RPT_TEST_FIVE']])
  })
})

describe('errors of the environment', () => {
  test('are waited out: nothing is committed or refused meanwhile, and dead letters are not repeated', async () => {
    await publish(['0', 'x', '2'])
    let failures = 5
    await using _consumer = await start(async () => {
      expect(await committed()).toBe(0)
      failures -= 1
      if (failures >= 0) throw new EnvironmentError()
    })
    await vi.waitFor(async () => expect(await committed()).toBe(3), WAIT)
    expect((await letters()).map(({ body }) => body?.offset)).toEqual([1])
    expect(countOf('environment error')).toBe(5)
    expect(countOf('unknown failure')).toBe(0)
  })
})

describe('unknown errors', () => {
  const failAt = (bad: number, applied: number[]) => async (batch: { entries: readonly { value: number }[] }) => {
    if (batch.entries.some(({ value }) => value === bad)) throw new TypeError('undefined is not a function')
    applied.push(...batch.entries.map(({ value }) => value))
  }

  test('the third failure at one offset gives the record up; the rest of its batch and what follows is applied', async () => {
    const errors: object[] = []
    await publish(['0', '1', '2', '3'])
    const applied: number[] = []
    const log = { ...silent, error: (fields: object) => void errors.push(fields) }
    await using _consumer = await start(failAt(2, applied), { log })
    await vi.waitFor(async () => expect(await committed()).toBe(4), WAIT)
    await publish(['4'])
    await vi.waitFor(() => expect(applied).toContain(4), WAIT)
    expect(new Set(applied)).toEqual(new Set([0, 1, 3, 4]))
    expect((await letters()).map(({ body }) => [body?.offset, body?.code])).toEqual([[2, 'RPT_CONSUMER_UNKNOWN']])
    expect(countOf('unknown failure')).toBe(3)
    expect(errors).toMatchObject([{ code: 'RPT_CONSUMER_UNKNOWN', topic, partition: 0, offset: 2, failures: 3 }])
  })

  test('one that passes by itself refuses nothing', async () => {
    await publish(['0', '1'])
    let failures = 1
    await using _consumer = await start(async () => {
      failures -= 1
      if (failures >= 0) throw new TypeError('once')
    })
    await vi.waitFor(async () => expect(await committed()).toBe(2), WAIT)
    expect(await letters()).toEqual([])
  })

  test('several records of one batch are given up one after another, each once, and the batch ends', async () => {
    await publish(['0', '1', '2', '3', '4', '5'])
    const applied = new Set<number>()
    await using _consumer = await start(async ({ entries }) => {
      if (entries.some(({ value }) => value === 1 || value === 4)) throw new TypeError('undefined is not a function')
      for (const { value } of entries) applied.add(value)
    })
    await vi.waitFor(async () => expect(await committed()).toBe(6), WAIT)
    expect(applied).toEqual(new Set([0, 2, 3, 5]))
    expect((await letters()).map(({ body }) => [body?.offset, body?.code])).toEqual([
      [1, 'RPT_CONSUMER_UNKNOWN'],
      [4, 'RPT_CONSUMER_UNKNOWN'],
    ])
    expect(countOf('unknown failure')).toBe(6)
  })

  test('a record whose decoding fails in an unknown way is given up too, and its neighbours are applied', async () => {
    await publish(['0', '1', '2', '3'])
    const applied: number[] = []
    await using _consumer = await start(
      async ({ entries }) => void applied.push(...entries.map(({ value }) => value)),
      {
        decode: (record) => {
          if (record.offset === 1 || record.offset === 2) throw new TypeError('undefined is not a function')
          return decode(record)
        },
      },
    )
    await vi.waitFor(async () => expect(await committed()).toBe(4), WAIT)
    expect(applied).toEqual([0, 3])
    expect((await letters()).map(({ body }) => [body?.offset, body?.code])).toEqual([
      [1, 'RPT_CONSUMER_UNKNOWN'],
      [2, 'RPT_CONSUMER_UNKNOWN'],
    ])
  })

  test('attempts survive a restart: two before it and one after it are three', async () => {
    await publish(['0', '1'])
    // Stopped while the second failure is being written down: there is no third.
    const stopped = Promise.withResolvers<void>()
    const first: Promise<Subscriber> = start(failAt(1, []), {
      onMetric: (metric) => {
        metrics.push(metric)
        if (countOf('unknown failure') < 2) return
        void first.then((subscriber) => subscriber[Symbol.asyncDispose]()).then(stopped.resolve, stopped.reject)
      },
    })
    await stopped.promise
    expect(countOf('unknown failure')).toBe(2)
    expect([...(await eventLog.checkpoints('numbers', topic))]).toEqual([
      [0, { nextOffset: 1, metadata: 'attempts 2@1' }],
    ])
    await eventLog[Symbol.asyncDispose]()
    eventLog = await harness.connect({ random: () => 0 })
    metrics = []
    await using _second = await start(failAt(1, []))
    await vi.waitFor(async () => expect(await committed()).toBe(2), WAIT)
    expect(countOf('unknown failure')).toBe(1)
    expect((await letters()).map(({ body }) => body?.offset)).toEqual([1])
  })

  test('a record that fails below the checkpoint, after a rewind, is given up as well', async () => {
    await publish(['0', '1', '2'])
    const before = await start(async () => undefined)
    await vi.waitFor(async () => expect(await committed()).toBe(3), WAIT)
    await before[Symbol.asyncDispose]()
    const applied: number[] = []
    await using _consumer = await start(failAt(1, applied), { rewindMs: 60_000 })
    await vi.waitFor(async () => expect((await letters()).map(({ body }) => body?.offset)).toEqual([1]), WAIT)
    await vi.waitFor(() => expect(new Set(applied)).toEqual(new Set([0, 2])), WAIT)
    expect(await committed()).toBe(3)
  })
})

test('records that retention removed before they were read are counted', async () => {
  await publish(['0', '1', '2'])
  const first = await eventLog.subscribe({ group: 'numbers', topics: [topic], onBatch: (batch) => batch.commit(1) })
  await vi.waitFor(async () => expect(await committed()).toBe(1), WAIT)
  await first[Symbol.asyncDispose]()
  await harness.expire()
  await publish(['3'])
  await using _consumer = await start(async () => undefined)
  await vi.waitFor(async () => expect(await committed()).toBe(4), WAIT)
  expect(metrics).toContainEqual({ topic, kind: 'missed', count: 2 })
  expect(countOf('processed')).toBe(1)
})

test('a topic without a dead-letter topic is refused at the start', async () => {
  await expect(start(async () => undefined, { topics: ['test.bare.v1'] })).rejects.toThrow('test.bare.v1.dlq')
})

test('a tombstone is kept as one in the dead letters', async () => {
  await eventLog.publish([{ topic, key: 'gone', value: null }])
  await using _consumer = await start(async () => undefined, {
    decode: () => deadLetter('RPT_TEST_NO', 'nothing is taken'),
  })
  await vi.waitFor(async () => expect(await committed()).toBe(1), WAIT)
  const [letter] = await letters()
  expect(letter?.body === undefined ? undefined : bytesOf(letter.body)).toBeNull()
})
