import { expect, test } from 'vitest'
import { isInShare } from './is-in-share.ts'

const users = Array.from({ length: 5_000 }, (_, at) => `user-${at}`)
const taken = (share: number, experiment = 'v2'): string[] => users.filter((user) => isInShare(share, experiment, user))

test('a share is about that large, nobody or everybody at its ends', () => {
  expect(taken(0)).toEqual([])
  expect(taken(0.2).length / users.length).toBeCloseTo(0.2, 1)
  expect(taken(1)).toEqual(users)
})

test('a larger share keeps whom a smaller one has', () => {
  const larger = new Set(taken(0.3))
  expect(taken(0.1).filter((user) => !larger.has(user))).toEqual([])
})

test('another experiment takes others', () => {
  const other = new Set(taken(0.2, 'v3'))
  const both = taken(0.2, 'v2').filter((user) => other.has(user))
  expect(both.length / users.length).toBeCloseTo(0.04, 1)
})
