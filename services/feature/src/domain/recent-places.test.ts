import { expect, it } from 'vitest'
import { RecentPlaces } from './recent-places.ts'

it('goes back to where the window begins, and no further', () => {
  let nowMs = 0
  const places = new RecentPlaces(60_000, () => nowMs)
  expect(places.startOf(0)).toBeUndefined()
  for (let second = 0; second <= 200; second += 1) {
    nowMs = second * 1000
    places.note(0, second * 10)
    places.note(0, second * 10 + 5)
  }
  expect(places.startOf(0)).toBe(1400)
  expect(places.startOf(1)).toBeUndefined()
})

it('covers what was taken again from an earlier place', () => {
  let nowMs = 0
  const places = new RecentPlaces(60_000, () => nowMs)
  places.note(0, 500)
  nowMs = 100
  places.note(0, 300)
  nowMs = 59_000
  places.note(0, 900)
  expect(places.startOf(0)).toBe(300)
})
