import { expect, it } from 'vitest'
import type { Bar } from './quality-set.ts'
import { formatTable } from './table.ts'

const rows = [
  { model: 'cnn', chosen: '', metrics: { accuracy: 0.9, error: 0.04 } },
  { model: 'lstm', chosen: '', metrics: { accuracy: 0.885 } },
]
const verdictOf = (bar: Bar): string => formatTable(rows, [bar]).split('\n').at(-1)?.trim() ?? ''

it.each<[Bar, string]>([
  [{ model: 'cnn', metric: 'accuracy', atLeast: 0.9 }, 'bar: cnn accuracy >= 0.9: 0.9000 reached'],
  [{ model: 'any', metric: 'accuracy', atLeast: 0.91 }, 'bar: best model accuracy >= 0.91: 0.9000 MISSED'],
  [{ model: 'cnn', metric: 'error', below: 0.05 }, 'bar: cnn error < 0.05: 0.0400 reached'],
  [{ model: 'cnn', metric: 'error', below: 0.04 }, 'bar: cnn error < 0.04: 0.0400 MISSED'],
  [{ model: 'lstm', metric: 'error', below: 0.05 }, 'bar: lstm error < 0.05: - MISSED'],
  [
    { model: 'lstm', metric: 'accuracy', within: 0.02, of: ['cnn'] },
    'bar: lstm accuracy within 0.02 of cnn: 0.8850 reached',
  ],
  [
    { model: 'lstm', metric: 'accuracy', within: 0.01, of: ['cnn'] },
    'bar: lstm accuracy within 0.01 of cnn: 0.8850 MISSED',
  ],
  [
    { model: 'lstm', metric: 'accuracy', within: 0.01, of: ['bilstm'] },
    'bar: lstm accuracy within 0.01 of bilstm: those were not measured',
  ],
])('says whether a bar is reached: %j', (bar, verdict) => {
  expect(verdictOf(bar)).toBe(verdict)
})
