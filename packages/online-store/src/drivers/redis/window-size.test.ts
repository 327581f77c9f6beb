import { expect, test } from 'vitest'
import { WindowSize } from './window-size.ts'

/** After answers that let the size grow to the largest. */
function quickServer(): WindowSize {
  const size = new WindowSize(1000)
  for (let windows = 0; windows < 11; windows += 1) size.answered(1)
  return size
}

test('the first windows are small: nobody knows yet how quick the server is', () => {
  const size = new WindowSize(1000)
  expect([size.scripts, size.changes]).toEqual([50, 800])
  size.answered(1)
  expect([size.scripts, size.changes]).toEqual([62, 1000])
})

test('a slow server is sent less at once, one that is late half, and one that is quick again as much as before', () => {
  const size = quickServer()
  size.answered(100)
  expect(size.scripts).toBe(500)
  size.answered(250)
  expect(size.scripts).toBe(400)
  size.answered(10_000)
  expect(size.scripts).toBe(200)
  size.timedOut()
  expect([size.scripts, size.changes]).toEqual([100, 1600])
  // Nearly as long as it may take: neither more nor less.
  size.answered(190)
  expect(size.scripts).toBe(100)
  for (let windows = 0; windows < 20; windows += 1) size.timedOut()
  expect([size.scripts, size.changes]).toEqual([5, 80])
  for (let windows = 0; windows < 30; windows += 1) size.answered(1)
  expect([size.scripts, size.changes]).toEqual([500, 8000])
})
