import { rowOf } from '@rapport/ml'
import { describe, expect, it } from 'vitest'
import { weightedEvents } from '../data/event-weights.ts'
import { GrowingActs } from '../data/growing-acts.ts'
import { type InteractionLog, toInteractionLog } from '../data/interaction-log.ts'
import { always, cutTimeline, itemPopularity, newCells, strengthMatrix, strengthScale } from './parts.ts'

type ActText = readonly [user: number, item: number, event: string, atMs: number]

function logOf(users: number, items: number, acts: readonly ActText[]): InteractionLog {
  const growing = new GrowingActs()
  for (const [visitor, item, event, atMs] of acts) {
    growing.push({ visitor, item, kind: weightedEvents.indexOf(event), atMs })
  }
  return toInteractionLog(growing, { users, itemIds: Array.from({ length: items }, (_, item) => `i${item}`) })
}
const cells = (matrix: ReturnType<typeof strengthMatrix>, user: number): (readonly [number, number])[] => {
  const { items, weights, length } = rowOf(matrix, user)
  return Array.from({ length }, (_, at) => [items[at] ?? -1, weights[at] ?? -1] as const)
}

const log = logOf(2, 3, [
  [0, 0, 'Product Viewed', 1000],
  [0, 0, 'Product Viewed', 2000],
  [0, 0, 'Order Completed', 3000],
  [0, 1, 'Product Added', 4000],
  [1, 2, 'Product Viewed', 4000],
])

describe('strengths', () => {
  it('count each kind of event once for an item, as serving does', () => {
    const matrix = strengthMatrix(log, { span: always })
    expect(cells(matrix, 0)).toEqual([
      [0, 6],
      [1, 3],
    ])
    expect(cells(matrix, 1)).toEqual([[2, 1]])
  })

  it('know only the acts of the span and of the kinds', () => {
    const early = strengthMatrix(log, { span: { fromMs: 0, toMs: 3000 } })
    expect([cells(early, 0), cells(early, 1)]).toEqual([[[0, 1]], []])
    const orders = new Set([weightedEvents.indexOf('Order Completed')])
    expect(cells(strengthMatrix(log, { span: always, kinds: orders }), 0)).toEqual([[0, 5]])
  })

  it('halve with each half-life before the newest act of the user', () => {
    const matrix = strengthMatrix(log, { span: always, halfLifeMs: 1000 })
    // The view is from 2 half-lives before, the order from one.
    expect(cells(matrix, 0)).toEqual([
      [0, 1 / 4 + 5 / 2],
      [1, 3],
    ])
    expect(cells(matrix, 1)).toEqual([[2, 1]])
  })

  it('are those of the newest acts where serving folds in no more', () => {
    const acts = logOf(1, 4, [
      [0, 0, 'Product Viewed', 1000],
      [0, 1, 'Product Viewed', 2000],
      [0, 0, 'Product Added', 3000],
      [0, 2, 'Product Viewed', 4000],
      [0, 3, 'Product Viewed', 4000],
    ])
    const newest = (newestActs: number) => cells(strengthMatrix(acts, { span: always, newestActs }), 0)
    expect(newest(3)).toEqual([
      [0, 3],
      [2, 1],
      [3, 1],
    ])
    expect(newest(4)).toEqual([
      [0, 3],
      [1, 1],
      [2, 1],
      [3, 1],
    ])
    expect(newest(9)).toEqual(cells(strengthMatrix(acts, { span: always }), 0))
  })

  it('stay above 0 however old an act is', () => {
    const old = logOf(1, 2, [
      [0, 0, 'Product Viewed', 0],
      [0, 1, 'Product Viewed', 1_000_000],
    ])
    const [first] = cells(strengthMatrix(old, { span: always, halfLifeMs: 1000 }), 0)
    expect(first?.[1]).toBeGreaterThan(0)
  })

  it('are scaled to a mean of 1', () => {
    expect(strengthScale(log)).toBeCloseTo(3 / 10)
    const { values } = strengthMatrix(log, { span: always, scale: strengthScale(log) })
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(1)
    expect(strengthScale(log, new Set([weightedEvents.indexOf('Order Completed')]))).toBeCloseTo(1 / 5)
  })

  it('add up to popularity, which fades from the newest act of all', () => {
    expect([...itemPopularity(log, { span: always })]).toEqual([6, 3, 1])
    expect([...itemPopularity(log, { span: always, halfLifeMs: 1000 })]).toEqual([2.75, 3, 1])
  })
})

describe('the timeline', () => {
  /** `users` visitors who each act on a new item every round. */
  const steady = (users: number, rounds: number): InteractionLog =>
    logOf(
      users,
      rounds,
      Array.from({ length: rounds * users }, (_, at) => {
        const round = Math.floor(at / users)
        return [at % users, round, 'Product Viewed', round * users + (at % users)] as const
      }),
    )

  it('is cut at 80 and 90 % when that tests enough users', () => {
    expect(cutTimeline(steady(200, 20))).toEqual({
      validationMs: 3200,
      testMs: 3600,
      validationUsers: 200,
      testUsers: 200,
    })
  })

  it('gives more to the test when few come back', () => {
    const { validationMs, testMs, testUsers } = cutTimeline(steady(20, 5))
    expect([validationMs, testMs]).toEqual([60, 80])
    expect(testUsers).toBe(20)
  })

  it('cannot be cut when nobody finds anything new', () => {
    const acts = Array.from({ length: 100 }, (_, at) => [at % 10, at % 10, 'Product Viewed', at] as const)
    expect(() => cutTimeline(logOf(10, 10, acts))).toThrow(
      expect.objectContaining({ code: 'RPT_TRAINING_NOT_ENOUGH_DATA' }),
    )
  })

  it('asks to find what is new to users with a history, and nothing else', () => {
    const history = strengthMatrix(log, { span: { fromMs: 0, toMs: 3000 } })
    const later = strengthMatrix(log, { span: { fromMs: 3000, toMs: 9000 } })
    const wanted = newCells(history, later)
    // The order of item 0 is no news, and user 1 has no history.
    expect([cells(wanted, 0), cells(wanted, 1)]).toEqual([[[1, 1]], []])
  })
})
