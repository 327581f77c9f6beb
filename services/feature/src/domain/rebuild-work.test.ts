import { describe, expect, it } from 'vitest'
import {
  advanced,
  begun,
  begunAgain,
  claimed,
  cleared,
  held,
  isFinished,
  isLedBy,
  ledBy,
  partitionsOf,
  replayed,
  resigned,
  withoutWork,
  type WorkingRecord,
} from './rebuild-work.ts'

const at = '2026-03-02T12:00:00.000Z'
const requested = { id: 'rebuild-000001', state: 'pending', requestedAt: at, attempts: 0, eventsRead: 0 } as const
const start = (): WorkingRecord => begun({ ...requested, eventsApplied: 0 }, 3, at)
/** Process `a` has partitions 0 and 1, `b` has 2; all are held and the state is cleared. */
const replaying = (): WorkingRecord =>
  cleared(held(held(claimed(claimed(start(), 'a', [0, 1]), 'b', [2]), 'a', [0, 1]), 'b', [2]))

describe('the record of a rebuild', () => {
  it('is led by whoever holds the last partition', () => {
    const claims = claimed(claimed(start(), 'a', [0, 1]), 'b', [2])
    expect(claimed(claims, 'a', [0])).toBe(claims)
    const some = held(claims, 'a', [0, 1])
    expect([isLedBy(some, 'a'), some.work.phase, some.attempts]).toEqual([false, 'hold', 0])
    const all = held(some, 'b', [2])
    expect([isLedBy(all, 'b'), all.work.phase, all.attempts]).toEqual([true, 'clear', 1])
    expect(isLedBy(resigned(all), 'b')).toBe(false)
    expect(ledBy(all, 'a').attempts).toBe(2)
  })

  it('takes the word of a holder alone', () => {
    const moved = claimed(replaying(), 'b', [1])
    const after = replayed(moved, 'a', { partitions: [0, 1], at })
    expect(after.work.partitions.map(({ state }) => state)).toEqual(['done', 'held', 'held'])
    expect(held(claimed(start(), 'b', [0]), 'a', [0]).work.partitions[0]?.state).toBe('open')
    expect(claimed(after, 'b', [0]).work.partitions[0]?.holder).toBe('a')
    expect(partitionsOf(after, 'b', 'held')).toEqual([1, 2])
  })

  it('sums the figures; those of a partition that has moved begin anew', () => {
    const figures = new Map([0, 1, 2].map((partition) => [partition, { read: 10, applied: 9 }]))
    const some = advanced(replaying(), 'a', figures)
    expect(some).toMatchObject({ eventsRead: 20, eventsApplied: 18 })
    const moved = advanced(claimed(some, 'b', [1]), 'b', new Map([[1, { read: 12, applied: 2 }]]))
    expect(moved).toMatchObject({ eventsRead: 22, eventsApplied: 20 })
  })

  it('is done with the last partition, and shows nothing of the work', () => {
    const some = replayed(replaying(), 'a', { partitions: [0, 1], at })
    expect(isFinished(some)).toBe(false)
    const all = replayed(some, 'b', { partitions: [2], at })
    expect(withoutWork(all)).toEqual({
      ...requested,
      state: 'done',
      startedAt: at,
      finishedAt: at,
      attempts: 1,
      eventsApplied: 0,
    })
  })

  it('begins again with every partition open and nobody at it', () => {
    const again = begunAgain(replayed(replaying(), 'a', { partitions: [0], at }))
    expect(again.work.phase).toBe('hold')
    expect(new Set(again.work.partitions.map(({ state, holder }) => `${state} ${holder}`))).toEqual(new Set(['open ']))
    expect(replayed(again, 'a', { partitions: [0, 1, 2], at }).state).toBe('running')
  })
})
