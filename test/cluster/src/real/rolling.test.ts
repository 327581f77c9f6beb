import { expect, it } from 'vitest'
import { tell } from './rolling.ts'

const answer = (number: number, status = 200) => ({ number, status, body: 'no', startedMs: 0, tookMs: number })
const answers = Array.from({ length: 100 }, (_, number) => answer(number))

it('says how long answers took, and what became of those that failed', () => {
  expect(tell(answers, () => 'of any')).toBe('0 of 100 requests failed, p50 50 ms, p99 99 ms')
  expect(() => tell([...answers, answer(0, 503), answer(1, 503)], ({ number }) => `of ${number % 1}`)).toThrow(
    '2 of 102 failed: 2 of 0: 503',
  )
})
