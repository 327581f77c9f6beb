import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Pace } from './pace.ts'

const intervalMs = 20

describe('Pace', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('gives the first turn at once, to all who ask in that moment', () => {
    const pace = new Pace(intervalMs)
    expect(pace.turn()).toBeUndefined()
    expect(pace.turn()).toBeUndefined()
  })

  test('lets all who ask during the interval go on together at its end', async () => {
    const pace = new Pace(intervalMs)
    void pace.turn()
    const came: string[] = []
    vi.advanceTimersByTime(5)
    const first = pace.turn()?.then(() => came.push('first'))
    vi.advanceTimersByTime(5)
    const second = pace.turn()?.then(() => came.push('second'))
    await vi.advanceTimersByTimeAsync(9)
    expect(came).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(came).toEqual(['first', 'second'])
    await Promise.all([first, second])
    vi.advanceTimersByTime(5)
    expect(pace.turn()).toBeInstanceOf(Promise)
  })

  test('gives nobody two turns in one moment', () => {
    const pace = new Pace(intervalMs)
    expect(pace.turn()).toBeUndefined()
    expect(pace.turn(performance.now())).toBeInstanceOf(Promise)
  })

  test('gives a turn at once after a quiet time', () => {
    const pace = new Pace(intervalMs)
    void pace.turn()
    vi.advanceTimersByTime(intervalMs)
    expect(pace.turn()).toBeUndefined()
  })

  test('holds nobody up once it is closed', async () => {
    const pace = new Pace(intervalMs)
    void pace.turn()
    vi.advanceTimersByTime(5)
    const waiting = pace.turn()
    expect(waiting).toBeInstanceOf(Promise)
    pace.close()
    await waiting
    expect(pace.turn()).toBeUndefined()
  })
})
