import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr, csrBytes, normaliseRows, rowNorms, transposeCsr } from './csr.ts'

const entriesOf = (maxSize: number) =>
  fc.integer({ min: 1, max: maxSize }).chain((rows) =>
    fc.integer({ min: 1, max: maxSize }).chain((columns) =>
      fc
        .array(fc.tuple(fc.nat(rows - 1), fc.nat(columns - 1), fc.integer({ min: -8, max: 8 })), { maxLength: 60 })
        .map((cells) => ({
          rows,
          columns,
          rowOf: cells.map(([row]) => row),
          columnOf: cells.map(([, column]) => column),
          values: cells.map(([, , value]) => value),
        })),
    ),
  )

describe('CSR matrix', () => {
  it('is its transpose, transposed', () => {
    fc.assert(
      fc.property(entriesOf(12), (entries) => {
        const matrix = buildCsr(entries)
        expect(transposeCsr(transposeCsr(matrix))).toEqual(matrix)
      }),
    )
  })

  it('holds the sum of each cell once, columns ascending', () => {
    fc.assert(
      fc.property(entriesOf(6), (entries) => {
        const matrix = buildCsr(entries)
        const sums = new Map<string, number>()
        entries.values.forEach((value, entry) => {
          const cell = `${entries.rowOf[entry]},${entries.columnOf[entry]}`
          sums.set(cell, (sums.get(cell) ?? 0) + value)
        })
        const held = new Map<string, number>()
        for (let row = 0; row < matrix.rows; row += 1) {
          const columns = [...matrix.indices.subarray(matrix.starts[row], matrix.starts[row + 1])]
          expect(columns).toEqual([...new Set(columns)].sort((a, b) => a - b))
          columns.forEach((column, slot) => held.set(`${row},${column}`, matrix.values[matrix.starts[row]! + slot]!))
        }
        expect(held).toEqual(new Map([...sums].sort(() => 0)))
      }),
    )
  })

  it('merges duplicates as asked', () => {
    const cells = { rows: 1, columns: 2, rowOf: [0, 0, 0], columnOf: [1, 0, 1], values: [2, 5, 3] }
    expect([...buildCsr(cells).values]).toEqual([5, 5])
    expect([...buildCsr({ ...cells, duplicates: 'max' }).values]).toEqual([5, 3])
    expect([...buildCsr({ ...cells, duplicates: 'one' }).values]).toEqual([1, 1])
  })

  it('scales rows to unit length and leaves empty ones alone', () => {
    const matrix = buildCsr({ rows: 2, columns: 2, rowOf: [0, 0], columnOf: [0, 1], values: [3, 4] })
    expect([...rowNorms(matrix)]).toEqual([5, 0])
    expect([...normaliseRows(matrix).values]).toEqual([Math.fround(0.6), Math.fround(0.8)])
  })

  it.each([
    [{ rows: 1, columns: 1, rowOf: [0], columnOf: [1] }, /columnOf\[0\] is 1/],
    [{ rows: 1, columns: 1, rowOf: [-1], columnOf: [0] }, /rowOf\[0\] is -1/],
    [{ rows: 1, columns: 1, rowOf: [0], columnOf: [] }, /columnOf has 0 entries/],
    [{ rows: 1, columns: 1, rowOf: [0], columnOf: [0], values: [] }, /values has 0 entries/],
  ])('refuses entries outside its shape: %o', (entries, message) => {
    expect(() => buildCsr(entries)).toThrow(message)
  })

  it('counts its bytes', () => {
    const matrix = buildCsr({ rows: 3, columns: 2, rowOf: [0, 2], columnOf: [0, 1] })
    const bytes = matrix.starts.byteLength + matrix.indices.byteLength + matrix.values.byteLength
    expect(csrBytes(3, 2)).toBe(bytes)
  })
})
