import { expect, it } from 'vitest'
import type { KeptResult, QualityRow } from '../report/quality-set.ts'
import { formatTable } from '../report/table.ts'
import { toQualitySet } from './measure-cells.ts'

const say = (): void => undefined
const part = (count: number) =>
  Array.from({ length: count }, (_, row) => ({
    text: row % 2 === 0 ? `good fine film ${row}` : `bad dull film ${row}`,
    label: row % 2 === 0 ? 'positive' : 'negative',
  }))
let reads = 0
const set = toQualitySet({
  name: 'tiny',
  title: 'Tiny',
  features: 'word12',
  reference: { mnb: { accuracy: 0.9, macroF1: 0.8 }, rf: { accuracy: 0.9, features: 'char123' } },
  winner: { metric: 'accuracy', atLeast: 0.7 },
  isPresent: () => true,
  read: () => {
    reads += 1
    return Promise.resolve({ train: part(40), test: part(6) })
  },
})

it('measures every cell beside its reference', async () => {
  const rows = await set.measure('', say, {})
  expect(rows.map(({ model }) => model)).toEqual(['mnb', 'cnb', 'svm', 'logreg', 'rf', 'winner'])
  expect(rows[0]?.metrics).toMatchObject({ accuracy: 1, reference: 0.9, macroF1: 1, referenceF1: 0.8 })
  expect(rows[0]?.metrics['difference']).toBeCloseTo(0.1, 12)
  expect(rows[2]?.metrics).not.toHaveProperty('reference')
  const table = formatTable(rows, set.bars, set.noteHeading)
  expect(table).toContain('bar: mnb difference >= -0.005: 0.1000 reached')
  expect(table).toContain('parameters')
})

it('measures one cell, and shows the bars of no other', async () => {
  const rows = await set.measure('', say, { cell: 'svm' })
  expect(rows.map(({ model }) => model)).toEqual(['svm'])
  expect(formatTable(rows, set.bars, set.noteHeading)).not.toContain('bar:')
})

it('takes what was measured before, without reading the data', async () => {
  const kept = new Map<string, KeptResult>()
  const results = {
    get: (key: string) => kept.get(key),
    keep: (key: string, row: QualityRow) => {
      kept.set(key, { row, measuredAt: '2026-01-01T00:00:00.000Z' })
      return Promise.resolve()
    },
  }
  const first = await set.measure('', say, { results })
  const before = reads
  expect(await set.measure('', say, { results })).toEqual(first)
  expect(reads).toBe(before)
  expect([...kept.keys()]).toEqual(expect.arrayContaining(['tiny/svm', 'tiny/winner, budget 60 s']))
  await set.measure('', say, { results, cell: 'winner', budgetSeconds: 1 })
  expect(reads).toBe(before + 1)
  expect([...kept.keys()]).toContain('tiny/winner, budget 1 s')
})
