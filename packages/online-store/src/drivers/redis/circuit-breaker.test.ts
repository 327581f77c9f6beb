import { expect, it } from 'vitest'
import { CircuitBreaker } from './circuit-breaker.ts'

it('is open for as long as it keeps calls back: until a try succeeds, or its time is over and nobody tries', () => {
  let nowMs = 0
  const breaker = new CircuitBreaker({ threshold: 2, openMs: 500, now: () => nowMs, random: () => 0.5 })
  breaker.failed()
  expect([breaker.isOpen, breaker.allows()]).toEqual([false, true])
  expect(breaker.failed()).toBe(true)
  expect([breaker.isOpen, breaker.allows()]).toEqual([true, false])
  nowMs = 500
  expect(breaker.isOpen).toBe(false)
  expect(breaker.allows()).toBe(true)
  expect([breaker.isOpen, breaker.allows()]).toEqual([true, false])
  breaker.failed()
  expect(breaker.isOpen).toBe(true)
  nowMs = 1000
  expect(breaker.allows()).toBe(true)
  expect(breaker.succeeded()).toBe(true)
  expect([breaker.isOpen, breaker.allows()]).toEqual([false, true])
})
