import { expect, it } from 'vitest'
import { placeOfStatePartition, statePartitionCount, statePartitionOf } from './state-partitions.ts'
import { topics } from './topics.ts'

it('numbers the partitions of all topics that make state through, those of the events as they are', () => {
  const numbers = Array.from({ length: statePartitionCount }, (_, number) => number)
  expect(numbers.map((number) => statePartitionOf(placeOfStatePartition(number)))).toEqual(numbers)
  expect(statePartitionOf({ topic: topics.events.name, partition: 5 })).toBe(5)
  expect(placeOfStatePartition(topics.events.partitions)).toEqual({ topic: topics.sentiments.name, partition: 0 })
  expect(() => statePartitionOf({ topic: topics.items.name, partition: 0 })).toThrow('makes no state')
  expect(() => placeOfStatePartition(statePartitionCount)).toThrow('no state partition')
})

it('a text’s labels are in the partition of the number that its event has', () => {
  expect(topics.sentiments.partitions).toBe(topics.events.partitions)
  expect(topics.textLabels.partitions).toBe(topics.events.partitions)
})
