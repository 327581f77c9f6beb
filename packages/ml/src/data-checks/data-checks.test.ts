import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr } from '../sparse/csr.ts'
import { findLabelConflicts } from './label-conflicts.ts'
import { clusterNearDuplicates } from './near-duplicates.ts'
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

/** First row of each row's cluster, by comparing all pairs until nothing changes. */
function clustersOf(rows: readonly (readonly number[])[], threshold: number): number[] {
  const first = [...rows.keys()]
  for (let changed = true; changed;) {
    changed = false
    for (const [row, tokens] of rows.entries()) {
      for (const [other, others] of rows.entries()) {
        if (first[row]! <= first[other]! || !(jaccard(tokens, others) >= threshold)) continue
        first[row] = first[other]!
        changed = true
      }
    }
  }
  return first
}

describe('clusters of near-duplicates', () => {
  it('are those that comparing all pairs finds', async () => {
    await fc.assert(
      fc.asyncProperty(tokenRows, fc.constantFrom(0.3, 0.5, 0.75, 0.8, 1), async (rows, threshold) => {
        const found = await clusterNearDuplicates(toSets(rows), { threshold })
        expect([...found]).toEqual(clustersOf(rows, threshold))
      }),
      { numRuns: 400 },
    )
  })

  it('join rows that only others join', async () => {
    const chain = [[1, 2, 3, 4], [1, 2, 3, 4, 5], [9], [1, 2, 3, 4, 5, 6], []]
    expect([...(await clusterNearDuplicates(toSets(chain)))]).toEqual([0, 0, 2, 0, 4])
  })

  it('look at each distinct set once: many equal rows cost no more than their tokens', async () => {
    const rows = Array.from({ length: 40_000 }, (_, row) => [1, 2, 3, row % 4 === 0 ? 4 : 5])
    expect(new Set(await clusterNearDuplicates(toSets(rows), { threshold: 0.6 }))).toEqual(new Set([0]))
  })

  it('need a threshold within 0 and 1', async () => {
    await expect(clusterNearDuplicates(toSets([[1]]), { threshold: 0 })).rejects.toThrow(/threshold is 0/)
  })

  it('let the event loop turn, and stop when told', async () => {
    const rows = Array.from({ length: 5000 }, (_, row) => Array.from({ length: 9 }, (_, at) => (row * at) % columns))
    const reason = new Error('enough')
    const controller = new AbortController()
    const clustering = clusterNearDuplicates(toSets(Array.from({ length: 12 }, () => rows).flat()), {
      signal: controller.signal,
    })
    controller.abort(reason)
    await expect(clustering).rejects.toBe(reason)
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
