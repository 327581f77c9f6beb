import { expect, it } from 'vitest'
import type { Answer } from './load.ts'
import { judgeRecommendations } from './recommendations.ts'

const answer = (status: number, startedMs: number, tookMs: number, items: unknown[] = ['a']): Answer => ({
  number: 0,
  status,
  startedMs,
  tookMs,
  body: JSON.stringify(status === 200 ? { items } : { error: 'not now' }),
})

it('explains failures by what was in hand at a killed process, and nothing else', () => {
  const kills = [
    { service: 'recommendation', signalledMs: 1_000, goneMs: 1_010, backMs: 3_000 },
    { service: 'feature', signalledMs: 5_000, goneMs: 5_010, backMs: 8_000 },
    { service: 'gateway', signalledMs: 20_000, goneMs: 20_010, backMs: 21_000 },
  ]
  const failed = [
    answer(503, 2_000, 50),
    answer(500, 990, 50),
    answer(503, 900, 50),
    answer(503, 5_000, 50),
    answer(0, 990, 30_000),
    answer(200, 990, 50, []),
    answer(0, 22_000, 50),
  ]
  const answers = [...failed, answer(503, 990, 50), answer(0, 20_500, 1), answer(200, 990, 50), answer(200, 9_000, 5)]
  // The one without any answer was still under way when the gateway went.
  const unexplained = failed.filter(({ tookMs }) => tookMs !== 30_000)
  expect(judgeRecommendations(answers, kills)).toEqual({
    answered: 2,
    inHand: 1,
    withoutGateway: 2,
    failed: unexplained,
  })
})
