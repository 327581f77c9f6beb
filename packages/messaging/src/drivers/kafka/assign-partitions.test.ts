import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignPartitions } from './assign-partitions.ts'

const topics = new Map([
  ['a', 8],
  ['b', 3],
  ['c', 1],
])
const member = (memberId: string, held: readonly string[] = []) => ({
  memberId,
  topics: [...topics.keys()],
  held: new Set(held),
})
const namesOf = (places: readonly { topic: string; partition: number }[] | undefined): string[] =>
  (places ?? []).map(({ topic, partition }) => `${topic}/${partition}`)

test('every partition goes to one member, and no member has two more of a topic than another', () => {
  const places = [...topics].flatMap(([topic, partitions]) =>
    Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`),
  )
  const arbitrary = fc.uniqueArray(fc.record({ memberId: fc.uuid(), held: fc.array(fc.constantFrom(...places)) }), {
    selector: ({ memberId }) => memberId,
    minLength: 1,
    maxLength: 10,
  })
  fc.assert(
    fc.property(arbitrary, (members) => {
      const shares = assignPartitions(
        members.map(({ memberId, held }) => member(memberId, held)),
        topics,
      )
      expect([...shares.values()].flatMap(namesOf).sort()).toEqual(places.sort())
      for (const topic of topics.keys()) {
        const counts = [...shares.values()].map((share) => share.filter((place) => place.topic === topic).length)
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }
    }),
  )
})

test('what is held stays when a member comes, as far as that is even', () => {
  const before = assignPartitions([member('m1'), member('m2')], topics)
  const after = assignPartitions(
    [member('m1', namesOf(before.get('m1'))), member('m2', namesOf(before.get('m2'))), member('m3')],
    topics,
  )
  for (const id of ['m1', 'm2']) {
    const kept = new Set(namesOf(before.get(id)))
    expect(namesOf(after.get(id)).filter((name) => !kept.has(name))).toEqual([])
  }
  expect(after.get('m3')?.length).toBeGreaterThan(2)
})

test('members get only topics that they read', () => {
  const shares = assignPartitions(
    [
      { ...member('m1'), topics: ['a'] },
      { ...member('m2'), topics: ['b', 'c'] },
    ],
    topics,
  )
  expect(shares.get('m1')?.every(({ topic }) => topic === 'a')).toBe(true)
  expect([...shares.values()].flat()).toHaveLength(12)
})
