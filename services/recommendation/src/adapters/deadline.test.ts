import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeadlineError, TimeLimit } from './deadline.ts'

const hanging = (): Promise<never> => new Promise(() => {})

describe('TimeLimit', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives what comes in time, a failure too', async () => {
    const limit = new TimeLimit(50, 'The store')
    await expect(limit.within(Promise.resolve(1))).resolves.toBe(1)
    await expect(limit.within(Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  })

  it('ends each wait at its own time, whoever waits beside it', async () => {
    const limit = new TimeLimit(50, 'The store')
    const ended: string[] = []
    const start = (name: string): void => {
      limit.within(hanging()).catch((error: unknown) => ended.push(`${name} ${error instanceof DeadlineError}`))
    }
    start('first')
    const inTime = limit.within(Promise.resolve('now'))
    await vi.advanceTimersByTimeAsync(30)
    start('second')
    await vi.advanceTimersByTimeAsync(19)
    expect(ended).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toEqual(['first true'])
    await vi.advanceTimersByTimeAsync(29)
    expect(ended).toEqual(['first true'])
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toEqual(['first true', 'second true'])
    await expect(inTime).resolves.toBe('now')
    expect(vi.getTimerCount()).toBe(0)
  })
})
