import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('the ceiling doubles up to the maximum', () => {
  const almostOne = () => 0.999_999
  const waits = [0, 1, 2, 3, 4, 60, 5000].map((attempt) =>
    Math.round(backoffMs(attempt, { baseMs: 100, maxMs: 1000, random: almostOne })),
  )
  expect(waits).toEqual([100, 200, 400, 800, 1000, 1000, 1000])
})

test('the jitter is full: any part of the ceiling', () => {
  const at = (value: number) => backoffMs(2, { baseMs: 100, maxMs: 1000, random: () => value })
  expect([at(0), at(0.25), at(0.5)]).toEqual([0, 100, 200])
})
