import { buildCsr } from '@rapport/ml'
import { expect, it } from 'vitest'
import type { Candidate } from './candidates.ts'
import { chooseAndTest } from './choose-and-test.ts'
import { formatTable } from '../report/table.ts'

const matrix = buildCsr({ rows: 1, columns: 1, rowOf: [], columnOf: [] })
const part = { matrix, interactions: { items: [] } }

it('chooses on validation alone and tests the choice once', async () => {
  const tested: number[] = []
  const candidate: Candidate = {
    name: 'model',
    grid: [{ depth: 1 }, { depth: 2 }, { depth: 3 }],
    fit: (_part, { depth = 0 }) => Promise.resolve({ itemCount: depth, score: () => {} }),
  }
  const said: string[] = []
  const rows = await chooseAndTest(
    {
      candidates: [candidate],
      // Validation likes 2 best; the test would like 3 best.
      validation: { part, judge: (scorer) => Promise.resolve({ quality: scorer.itemCount === 2 ? 0.9 : 0.1 }) },
      test: {
        part,
        judge: (scorer) => {
          tested.push(scorer.itemCount)
          return Promise.resolve({ quality: scorer.itemCount / 10 })
        },
      },
      chooseBy: 'quality',
    },
    (line) => said.push(line),
  )
  expect(tested).toEqual([2])
  expect(rows).toEqual([{ model: 'model', chosen: 'depth=2', metrics: { quality: 0.2 } }])
  expect(said).toHaveLength(3)
})

it('goes on from the best point by steps, and begins where an earlier candidate has ended', async () => {
  // The quality is highest at 40, between the points of the grid.
  const judge = (scorer: { itemCount: number }) =>
    Promise.resolve({ quality: -Math.abs(Math.log(scorer.itemCount / 40)) })
  const fit: Candidate['fit'] = (_part, { depth = 0 }) => Promise.resolve({ itemCount: depth, score: () => {} })
  const said: string[] = []
  const rows = await chooseAndTest(
    {
      candidates: [
        { name: 'first', grid: [{ depth: 1 }, { depth: 10 }, { depth: 100 }], steps: { depth: 2 }, fit },
        { name: 'second', grid: 'first', steps: { depth: 1.1 }, fit },
      ],
      validation: { part, judge },
      test: { part, judge },
      chooseBy: 'quality',
    },
    (line) => said.push(line),
  )
  expect(rows.map(({ chosen }) => chosen)).toEqual(['depth=50', 'depth=41'])
  const tried = said.map((line) => /(\w+) depth=([\d.]+)/.exec(line)?.slice(1).join(' '))
  expect(tried).toEqual([
    'first 1',
    'first 10',
    'first 100',
    'first 50',
    'first 200',
    'first 25',
    'second 50',
    'second 45',
    'second 55',
    'second 41',
    'second 37',
  ])
})

it('refuses to begin where nobody has ended', async () => {
  const fit: Candidate['fit'] = () => Promise.resolve({ itemCount: 1, score: () => {} })
  const fold = { part, judge: () => Promise.resolve({}) }
  const experiment = { validation: fold, test: fold, chooseBy: 'quality' }
  await expect(
    chooseAndTest({ ...experiment, candidates: [{ name: 'lost', grid: 'nobody', fit }] }, () => {}),
  ).rejects.toThrow(/lost has an empty grid/)
})

it('shows every bar with what was reached', () => {
  const rows = [
    { model: 'a', chosen: 'x=1', metrics: { ndcg: 0.5 } },
    { model: 'b', chosen: '', metrics: { ndcg: 0.25 } },
  ]
  const table = formatTable(rows, [
    { model: 'b', metric: 'ndcg', atLeast: 0.3 },
    { model: 'any', metric: 'ndcg', atLeast: 0.5 },
  ])
  expect(table).toContain('bar: b ndcg >= 0.3: 0.2500 MISSED')
  expect(table).toContain('bar: best model ndcg >= 0.5: 0.5000 reached')
})
