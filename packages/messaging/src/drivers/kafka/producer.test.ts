import { partitionOf } from '@rapport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KafkaError } from './kafka-error.ts'
import { Producer, type ProducerOptions } from './producer.ts'
import { FakeBroker } from './testing/fake-broker.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const topic = 'stream'
let broker: FakeBroker
let producer: Producer

beforeEach(() => {
  broker = new FakeBroker()
  producer = open()
})
afterEach(() => producer.close())

function open(options: Partial<ProducerOptions> = {}): Producer {
  return new Producer({
    connection: broker.connection,
    partitionsOf: () => 4,
    log: silent,
    random: () => 0.01,
    lingerMs: 1,
    ...options,
  })
}

const record = (value: string, key = 'k') => ({ topic, key, value: Buffer.from(value) })
const publish = (values: readonly string[], key = 'k', deadlineMs = 5000) =>
  producer.publish(
    values.map((value) => record(value, key)),
    deadlineMs,
  )
const logOf = (key: string): readonly string[] => broker.logs.get(`${topic}/${partitionOf(key, 4)}`) ?? []

describe('a producer', () => {
  test('gathers what comes together into one request', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, index) => publish([String(index)], `k${index}`)))
    expect(broker.requests).toBe(1)
  })

  test('does not wait for company when much waits already', async () => {
    producer = open({ lingerMs: 60_000 })
    await publish(Array.from({ length: 1000 }, String))
    expect(logOf('k')).toHaveLength(1000)
  })

  test.each([
    'lost request',
    'lost answer',
    'NOT_LEADER_FOR_PARTITION',
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'REQUEST_TIMED_OUT',
  ])('after "%s" it sends again: in order, and nothing twice', async (trouble) => {
    broker.troubles.push(trouble, trouble)
    const positions = await Promise.all([publish(['a', 'b']), publish(['c'])])
    await publish(['d'])
    expect(logOf('k')).toEqual(['a', 'b', 'c', 'd'])
    expect(positions.flat().map(({ offset }) => offset)).toEqual([0, 1, 2])
  })

  test('what comes during the trouble of one partition stays behind it', async () => {
    broker.troubles.push('lost answer')
    const first = publish(['a'])
    broker.onRequest = () => {
      broker.onRequest = () => undefined
      void publish(['b'])
    }
    await first
    await publish(['c'])
    expect(logOf('k')).toEqual(['a', 'b', 'c'])
  })

  test.each(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'INVALID_PRODUCER_EPOCH', 'UNKNOWN_PRODUCER_ID'])(
    'goes on under a new identity after %s, in the same order',
    async (trouble) => {
      await publish(['a'])
      broker.troubles.push(trouble)
      await Promise.all([publish(['b']), publish(['c'])])
      await publish(['d'])
      expect(logOf('k')).toEqual(['a', 'b', 'c', 'd'])
      expect(broker.identities).toBe(2)
    },
  )

  test('goes on when the broker has forgotten it', async () => {
    await publish(['a'])
    broker.forgetProducers()
    await publish(['b'])
    expect(logOf('k')).toEqual(['a', 'b'])
  })

  test('one partition whose identity is lost does not make the others write twice', async () => {
    await Promise.all([publish(['a'], 'k'), publish(['x'], 'other-key')])
    broker.troubles.push('OUT_OF_ORDER_SEQUENCE_NUMBER')
    await Promise.all([publish(['b'], 'k'), publish(['y'], 'other-key')])
    expect([logOf('k'), logOf('other-key')]).toEqual([
      ['a', 'b'],
      ['x', 'y'],
    ])
  })

  test('a batch that is too large for the broker goes in parts', async () => {
    broker.troubles.push('MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE')
    await publish(['a', 'b', 'c', 'd'])
    await publish(['e'])
    expect(logOf('k')).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test.each([
    ['MESSAGE_TOO_LARGE', 'too large'],
    ['TOPIC_AUTHORIZATION_FAILED', 'not allowed'],
  ])('%s is a refusal (%s), and what follows goes through', async (trouble, reason) => {
    await publish(['a'])
    broker.troubles.push(trouble)
    await expect(publish(['b'])).rejects.toMatchObject({ outcome: 'refused', reason, canRetry: false })
    await publish(['c'])
    expect(logOf('k')).toEqual(['a', 'c'])
  })

  test('refused credentials are no refusal of what is published: it waits for its deadline, with one warning', async () => {
    const warn = vi.fn()
    producer = open({ log: { ...silent, warn } })
    broker.troubles.push('lost request', ...Array<string>(40).fill('AUTHENTICATION'))
    await expect(publish(['a'], 'k', 150)).rejects.toMatchObject({
      outcome: 'unknown',
      reason: 'deadline',
      canRetry: true,
    })
    expect(warn.mock.calls.map(([, text]) => text as unknown)).toEqual([
      'sending records failed and will be tried again',
      'Kafka refuses the credentials: no record is sent until it takes them',
    ])
    broker.troubles.length = 0
    await publish(['b'])
    expect(logOf('k')).toEqual(['a', 'b'])
  })

  test('of what goes together one is refused, and what was written beside it is not told as refused later', async () => {
    const [a, b] = ['k', 'other-key'].map((key) => partitionOf(key, 4))
    broker.refusal = ({ partition }) => (partition === a ? 'TOPIC_AUTHORIZATION_FAILED' : undefined)
    broker.onRequest = () => {
      if (broker.requests > 1) {
        broker.refusal = ({ partition }) => (partition === b ? 'POLICY_VIOLATION' : 'TOPIC_AUTHORIZATION_FAILED')
      }
    }
    const [refused, written] = [publish(['x'], 'k'), publish(['y'], 'other-key')]
    await Promise.all([
      expect(refused).rejects.toMatchObject({ outcome: 'refused', reason: 'not allowed' }),
      expect(written).rejects.toMatchObject({ outcome: 'unknown' }),
    ])
    expect([logOf('k'), logOf('other-key')]).toEqual([[], ['y']])
  })

  test('a refusal after a lost answer is unknown: it may have been written', async () => {
    broker.troubles.push('lost answer', 'TOPIC_AUTHORIZATION_FAILED')
    await expect(publish(['a'])).rejects.toMatchObject({ outcome: 'unknown' })
    expect(logOf('k')).toEqual(['a'])
  })

  test('is unknown at the deadline, and the records that are under way keep their place', async () => {
    const gate = Promise.withResolvers<void>()
    broker.onRequest = () => gate.promise
    await expect(publish(['a'], 'k', 30)).rejects.toMatchObject({
      outcome: 'unknown',
      reason: 'deadline',
      canRetry: true,
    })
    const next = publish(['b'])
    gate.resolve()
    await next
    expect(logOf('k')).toEqual(['a', 'b'])
  })

  test('goes on when the leaders could not be found and records came meanwhile', async () => {
    const [leaders, isAsked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    broker.onLeaders = () => {
      isAsked.resolve()
      return leaders.promise
    }
    const first = publish(['a'])
    await isAsked.promise
    // Its time to be sent has passed too.
    await expect(publish(['b'], 'k', 50)).rejects.toMatchObject({ reason: 'deadline' })
    broker.onLeaders = () => undefined
    leaders.reject(new KafkaError('CONNECTION', 'cut'))
    await Promise.all([first, publish(['c'])])
    expect(logOf('k')).toEqual(['a', 'c'])
  })

  test('what was never sent is not sent after its deadline', async () => {
    const [gate, isUnderWay] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    broker.onRequest = () => {
      isUnderWay.resolve()
      return gate.promise
    }
    const first = publish(['a'])
    await isUnderWay.promise
    await expect(publish(['b'], 'k', 30)).rejects.toMatchObject({ outcome: 'unknown', reason: 'deadline' })
    gate.resolve()
    await first
    await publish(['c'])
    expect(logOf('k')).toEqual(['a', 'c'])
  })

  test('refuses when too much waits, and takes on again when there is room', async () => {
    producer = open({ maxBufferedBytes: 1000 })
    const gate = Promise.withResolvers<void>()
    broker.onRequest = () => gate.promise
    const first = publish(['x'.repeat(900)])
    await expect(publish(['y'.repeat(200)])).rejects.toMatchObject({
      outcome: 'refused',
      reason: 'full',
      canRetry: true,
    })
    gate.resolve()
    await first
    expect(producer.bufferedBytes).toBe(0)
    await publish(['z'])
    expect(logOf('k')).toHaveLength(2)
  })

  test('is refused once it is closed, and closing waits for what was accepted', async () => {
    const accepted = publish(['a'])
    await producer.close()
    await expect(accepted).resolves.toHaveLength(1)
    await expect(publish(['b'])).rejects.toMatchObject({ outcome: 'refused', reason: 'closed' })
  })
})
