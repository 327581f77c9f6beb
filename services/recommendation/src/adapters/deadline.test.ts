import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeadlineError, within } from './deadline.ts'

const hanging = (): Promise<never> => new Promise(() => {})

describe('within', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives what comes in time, a failure too', async () => {
    await expect(within(Promise.resolve(1), 50, 'The store')).resolves.toBe(1)
    await expect(within(Promise.reject(new Error('refused')), 50, 'The store')).rejects.toThrow('refused')
  })

  it('ends each wait at its own time, whoever waits beside it', async () => {
    const ended: string[] = []
    const start = (name: string): void => {
      within(hanging(), 50, 'The store').catch((error: unknown) =>
        ended.push(`${name} ${error instanceof DeadlineError}`),
      )
    }
    start('first')
    const inTime = within(Promise.resolve('now'), 50, 'The store')
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
