import { expect, test } from 'vitest'
import { readTrail, RewindTrail, writeTrail } from './rewind-trail.ts'

let nowMs = 0
const trailOf = (inherited: RewindTrail['places'] = []) => new RewindTrail(60_000, inherited, () => nowMs)

test('begins where the group was a window ago, whatever it has read since', () => {
  nowMs = 1_000_000
  const trail = trailOf()
  for (let second = 0; second <= 300; second += 1) {
    trail.note(second * 20)
    nowMs += 1000
  }
  const [first] = trail.places
  // At 300 s the window begins at 240; the places lie 10 s apart.
  expect(first?.offset).toBeLessThanOrEqual(240 * 20)
  expect(first?.offset).toBeGreaterThanOrEqual(230 * 20)
  expect(trail.places.length).toBeLessThanOrEqual(8)
})

test('a quiet time forgets nothing that was done at its beginning', () => {
  nowMs = 0
  const trail = trailOf()
  trail.note(5)
  nowMs = 500_000
  trail.note(9)
  expect(trail.places).toEqual([
    { atMs: 0, offset: 5 },
    { atMs: 500_000, offset: 9 },
  ])
})

test('what an heir reads again does not move the beginning back, and grows old as it would have', () => {
  nowMs = 100_000
  const heir = trailOf([
    { atMs: 40_000, offset: 10 },
    { atMs: 95_000, offset: 50 },
  ])
  heir.note(10)
  expect(heir.places.map(({ offset }) => offset)).toEqual([10, 50])
  nowMs = 156_000
  heir.note(60)
  expect(heir.places.map(({ offset }) => offset)).toEqual([50, 60])
})

test('stands behind the metadata, and leaves that as it was', () => {
  const places = [
    { atMs: 1, offset: 2 },
    { atMs: 3, offset: 4 },
  ]
  for (const metadata of ['', 'attempts 2@17', 'two\nlines']) {
    expect(readTrail(writeTrail(metadata, places))).toEqual({ metadata, trail: places })
    expect(readTrail(writeTrail(metadata, []))).toEqual({ metadata, trail: [] })
  }
})
