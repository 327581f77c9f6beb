import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { findLabelConflicts } from './label-conflicts.ts'
import { findNearDuplicates } from './near-duplicates.ts'
import type { TokenSets } from './token-sets.ts'

const columns = 12

const toSets = (rows: readonly (readonly number[])[]): TokenSets =>
  buildCsr({
    rows: rows.length,
    columns,
    rowOf: rows.flatMap((tokens, row) => tokens.map(() => row)),
    columnOf: rows.flat(),
    duplicates: 'one',
  })

const tokenRows = fc.array(fc.array(fc.integer({ min: 0, max: columns - 1 }), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 25,
})

function jaccard(a: readonly number[], b: readonly number[]): number {
  const shared = new Set(a).intersection(new Set(b)).size
  return shared / new Set([...a, ...b]).size
}

describe('near-duplicates across a split', () => {
  it('are those that comparing all pairs finds', () => {
    fc.assert(
      fc.property(tokenRows, fc.constantFrom(0.3, 0.5, 0.75, 0.8, 1), (rows, threshold) => {
        const held = Int32Array.from(rows.keys()).filter((row) => row % 3 === 0)
        const train = Int32Array.from(rows.keys()).filter((row) => row % 3 !== 0)
        const expected: { held: number; similarity: number }[] = []
        for (const row of held) {
          const similarities = [...train].map((other) => jaccard(rows[row]!, rows[other]!)).filter((s) => s > 0)
          const similarity = Math.max(0, ...similarities)
          if (similarity >= threshold) expected.push({ held: row, similarity })
        }
        const found = findNearDuplicates(toSets(rows), { train, held, threshold })
        expect(found.map(({ held, similarity }) => ({ held, similarity }))).toEqual(expected)
        for (const pair of found) {
          expect(train).toContain(pair.train)
          expect(jaccard(rows[pair.held]!, rows[pair.train]!)).toBe(pair.similarity)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('look at each distinct set once: many equal rows cost no more than their tokens', () => {
    const rows = Array.from({ length: 40_000 }, (_, row) => [1, 2, 3, row % 4 === 0 ? 4 : 5])
    const all = Int32Array.from(rows.keys())
    const half = { train: all.filter((row) => row % 2 === 0), held: all.filter((row) => row % 2 === 1) }
    const found = findNearDuplicates(toSets(rows), { ...half, threshold: 0.6 })
    expect(found.length).toBe(20_000)
    expect(found[0]).toEqual({ held: 1, train: 2, similarity: 1 })
  })

  it('need a threshold within 0 and 1', () => {
    const nothing = { train: Int32Array.of(), held: Int32Array.of() }
    expect(() => findNearDuplicates(toSets([[1]]), { ...nothing, threshold: 0 })).toThrow(/threshold is 0/)
  })
})

describe('label conflicts', () => {
  it('are groups of equal token sets with several labels', () => {
    const sets = toSets([[1, 2], [2, 1], [1, 2, 1], [3], [3], [], []])
    expect(findLabelConflicts(sets, Int32Array.of(0, 1, 0, 1, 1, 0, 1))).toEqual({
      duplicates: 3,
      conflicts: [{ rows: [0, 1, 2], labels: [0, 1] }],
    })
  })

  it('are those that comparing all pairs finds', () => {
    fc.assert(
      fc.property(tokenRows, fc.infiniteStream(fc.integer({ min: 0, max: 2 })), (rows, stream) => {
        const labels = Int32Array.from(stream.take(rows.length))
        const { duplicates, conflicts } = findLabelConflicts(toSets(rows), labels)
        const keys = rows.map((tokens) => [...new Set(tokens)].sort((a, b) => a - b).join(' '))
        const filled = keys.filter((key) => key !== '')
        expect(duplicates).toBe(filled.length - new Set(filled).size)
        const inConflict = keys.flatMap((key, row) =>
          key !== '' && keys.some((other, at) => other === key && labels[at] !== labels[row]) ? [row] : [],
        )
        expect(conflicts.flatMap(({ rows }) => rows).sort((a, b) => a - b)).toEqual(inConflict)
      }),
    )
  })

  it('need a label a row', () => {
    expect(() => findLabelConflicts(toSets([[1]]), Int32Array.of())).toThrow(/labels has 0 rows/)
  })
})
