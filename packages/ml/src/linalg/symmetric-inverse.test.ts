import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SymmetricMatrix, symmetricMatrixBytes } from './symmetric-inverse.ts'

/** A well-conditioned positive definite matrix that is not symmetric in its indices by accident. */
function fill(matrix: SymmetricMatrix): (row: number, column: number) => number {
  const cell = (row: number, column: number) => {
    const [low, high] = row < column ? [row, column] : [column, row]
    return row === column ? matrix.order + (row % 7) : Math.sin(1 + 3 * low + 7 * high)
  }
  for (let row = 0; row < matrix.order; row += 1) {
    for (let column = row; column < matrix.order; column += 1)
      matrix.data[row * matrix.stride + column] = cell(row, column)
  }
  return cell
}

describe('symmetric inverse', () => {
  it.each([1, 2, 3, 4, 5, 63, 64, 65, 127, 130, 197])('times the matrix is the identity: order %i', async (order) => {
    const matrix = new SymmetricMatrix(order)
    const cell = fill(matrix)
    await matrix.invert()
    let worst = 0
    for (let row = 0; row < order; row += 1) {
      for (let column = 0; column < order; column += 1) {
        let sum = 0
        for (let k = 0; k < order; k += 1) {
          sum += matrix.data[Math.min(row, k) * matrix.stride + Math.max(row, k)]! * cell(k, column)
        }
        worst = Math.max(worst, Math.abs(sum - (row === column ? 1 : 0)))
      }
    }
    expect(worst).toBeLessThan(1e-11)
  })

  it('refuses an indefinite matrix', async () => {
    const matrix = new SymmetricMatrix(2)
    matrix.data.set([1, 2, 0, 0, 0, 1])
    await expect(matrix.invert()).rejects.toMatchObject({ code: 'RPT_ML_NOT_POSITIVE_DEFINITE' })
  })

  it('estimates what it allocates', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (order) => {
        const allocated = new SymmetricMatrix(order).data.buffer.byteLength
        // Memory comes in pages of 64 KiB.
        expect(allocated).toBe(65_536 * Math.ceil(symmetricMatrixBytes(order) / 65_536))
      }),
      { numRuns: 20 },
    )
  })
})
