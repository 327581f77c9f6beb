import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts'

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 })

test('subscriptions and assignments come back as they were', () => {
  const topicPartitions = fc.dictionary(name, fc.uniqueArray(fc.nat(1000), { minLength: 1 }), { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(name), topicPartitions, fc.string(), (topics, owned, userData) => {
      expect(decodeSubscription(encodeSubscription({ topics, userData }))).toEqual({ topics, userData })
      const partitions = Object.entries(owned).flatMap(([topic, list]) =>
        list.map((partition) => ({ topic, partition })),
      )
      expect(decodeAssignment(encodeAssignment(partitions))).toEqual(partitions)
    }),
  )
})

test('has the bytes of Kafka: version 0, topics, user data', () => {
  const encoded = encodeSubscription({ topics: ['ab'], userData: '' })
  expect(encoded.toString('hex')).toBe('0000000000010002616200000000')
  const assignment = encodeAssignment([{ topic: 'ab', partition: 3 }])
  expect(assignment.toString('hex')).toBe('00000000000100026162000000010000000300000000')
})

test('a member that the leader left out holds nothing, and user data may be null', () => {
  expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  const nullData = Buffer.from('00010000000100026162ffffffff', 'hex')
  expect(decodeSubscription(nullData)).toEqual({ topics: ['ab'], userData: '' })
})
