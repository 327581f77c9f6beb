import { expect, it } from 'vitest'
import { filterPairs, latestHoldOut, randomHoldOut, toMatrix, toPart } from './splits.ts'

const pairs = { users: [0, 0, 0, 1, 1], items: [4, 2, 3, 1, 0], timesMs: [10, 30, 30, 7, 5] }

it('holds the latest item of each user out, of equal times the later row', () => {
  const { rest, heldOut } = latestHoldOut(pairs)
  expect(heldOut).toEqual({ users: [0, 1], items: [3, 1], timesMs: [30, 7] })
  expect(rest).toEqual({ users: [0, 0, 1], items: [4, 2, 0], timesMs: [10, 30, 5] })
})

it('holds a seeded random share out, each pair on one side', () => {
  const many = {
    users: Array.from({ length: 1000 }, (_, index) => index),
    items: Array.from({ length: 1000 }, () => 0),
  }
  const { rest, heldOut } = randomHoldOut(many, 0.25, 1)
  expect([...rest.users, ...heldOut.users].sort((a, b) => a - b)).toEqual(many.users)
  expect(heldOut.users.length).toBeGreaterThan(200)
  expect(heldOut.users.length).toBeLessThan(300)
  expect(randomHoldOut(many, 0.25, 1).heldOut).toEqual(heldOut)
  expect(randomHoldOut(many, 0.25, 2).heldOut).not.toEqual(heldOut)
})

it('filters all columns alike', () => {
  expect(filterPairs(pairs, (index) => index % 2 === 0)).toEqual({
    users: [0, 0, 1],
    items: [4, 3, 0],
    timesMs: [10, 30, 5],
  })
})

it('makes a binary matrix and keeps every interaction beside it', () => {
  const repeated = { users: [0, 0], items: [1, 1], timesMs: [1, 2] }
  expect([...toMatrix(repeated, { rows: 1, columns: 2 }).values]).toEqual([1])
  const part = toPart(repeated, { rows: 1, columns: 2 }, 9)
  expect(part.interactions.items).toEqual([1, 1])
  expect(part.asOfMs).toBe(9)
})
