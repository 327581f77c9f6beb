import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { smallTask, toSparse } from '../../trees/testing/small-data.ts'
import { KernelCache, squaredNorms } from './kernel-cache.ts'
import { kernelSvmScores, trainKernelSvm } from './kernel-svm.ts'
import { SmoSolver } from './smo.ts'

const { matrix, labels } = smallTask()
const binary = labels.map((label) => (label > 0 ? 1 : 0))
const exact = { classes: 2, tolerance: 1e-6 }

const close = (expected: readonly number[]): unknown[] => expected.map((value) => expect.closeTo(value, 3) as unknown)

/** Scores of class 1. */
const second = (scores: Float32Array): number[] => Array.from(scores.filter((_, cell) => cell % 2 === 1))

// The numbers are those of scikit-learn 1.9.1, SVC(tol=1e-6).decision_function.
describe('kernel SVM, against scikit-learn', () => {
  it('decides between two classes', async () => {
    const scaled = await trainKernelSvm(matrix, binary, exact)
    expect(second(kernelSvmScores(scaled, matrix)).slice(0, 10)).toEqual(
      close([-0.68955, 1.18023, -0.36356, 1.20935, 1.0, 1.08338, 0.24158, -0.46668, 1.0761, 1.1654]),
    )
    const own = await trainKernelSvm(matrix, binary, { ...exact, penalty: 5, gamma: 0.05 })
    expect(second(kernelSvmScores(own, matrix)).slice(0, 10)).toEqual(
      close([-1.0, 1.60812, -1.0, 1.08788, 1.03701, 1.29841, 1.0, -1.0, 1.00548, 1.40897]),
    )
    expect([...own.intercepts]).toEqual(close([0.47123]))
    const scores = kernelSvmScores(own, matrix)
    expect(scores[0]).toBe(-scores[1]!)
  })

  it('decides between three', async () => {
    const model = await trainKernelSvm(matrix, labels, { classes: 3, tolerance: 1e-6, penalty: 2, gamma: 0.1 })
    expect([...kernelSvmScores(model, matrix).subarray(0, 15)]).toEqual(
      close([
        2.22222, 0.98061, -0.21989, -0.21142, 2.22222, 0.93001, 2.22167, 0.99497, -0.22109, -0.2151, 2.16636, 1.15047,
        0.86758, 2.22222, -0.19094,
      ]),
    )
  })

  it('weighs classes', async () => {
    const options = { ...exact, penalty: 2, gamma: 0.1, classWeights: 'balanced' } as const
    const model = await trainKernelSvm(matrix, binary, options)
    expect(second(kernelSvmScores(model, matrix)).slice(0, 6)).toEqual(close([-1.0, 1.0, -1.0, 1.0, 1.0, 1.01415]))
  })
})

describe('kernel SVM', () => {
  it('is the same on sparse rows, and with a cache of two columns', async () => {
    const model = await trainKernelSvm(matrix, binary, exact)
    const sparse = await trainKernelSvm(toSparse(matrix), binary, exact)
    expect(sparse).toEqual(model)
    expect(await trainKernelSvm(matrix, binary, { ...exact, cacheBytes: 1 })).toEqual(model)
    expect(kernelSvmScores(model, toSparse(matrix))).toEqual(kernelSvmScores(model, matrix))
  })

  it('ends where the conditions of optimality hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), fc.boolean()), {
          minLength: 4,
          maxLength: 40,
        }),
        fc.constantFrom(0.1, 1, 20),
        (points, bound) => {
          const values = Float32Array.from(points.flatMap(([x, y]) => [x, y]))
          const rows = toSparse({ rows: points.length, columns: 2, values })
          const signs = Int8Array.from(points, ([, , positive]) => (positive ? 1 : -1))
          const bounds = new Float64Array(points.length).fill(bound)
          const all = Int32Array.from(points.keys())
          const kernel = new KernelCache(rows, squaredNorms(rows), { gamma: 0.1, rows: all, cacheBytes: 1e6 })
          const solver = new SmoSolver({ kernel, signs, bounds, tolerance: 1e-6 })
          while (solver.step());
          const { multipliers, intercept } = solver.solution()
          expect(multipliers.reduce((sum, own, at) => sum + own * signs[at]!, 0)).toBeCloseTo(0, 6)
          const oneClass = new Set(signs).size === 1
          points.forEach((_, at) => {
            const column = kernel.column(at)
            const value = multipliers.reduce((sum, own, other) => sum + own * signs[other]! * column[other]!, intercept)
            const margin = signs[at]! * value
            const own = multipliers[at]!
            expect(own >= 0 && own <= bound).toBe(true)
            const satisfied =
              own === 0 ? margin > 1 - 1e-4 : own === bound ? margin < 1 + 1e-4 : Math.abs(margin - 1) < 1e-4
            expect(satisfied || oneClass).toBe(true)
          })
        },
      ),
    )
  })

  it('leaves out rows without weight, and goes on where a class has no row', async () => {
    const sampleWeights = Float64Array.from(binary, (_, row) => (row < 30 ? 1 : 0))
    const weighted = await trainKernelSvm(matrix, binary, { ...exact, gamma: 0.1, sampleWeights })
    const part = { rows: 30, columns: 3, values: matrix.values.slice(0, 90) }
    expect(await trainKernelSvm(part, binary.slice(0, 30), { ...exact, gamma: 0.1 })).toEqual(weighted)
    const model = await trainKernelSvm(matrix, binary, { ...exact, classes: 3, gamma: 0.1 })
    const scores = kernelSvmScores(model, matrix)
    const two = second(kernelSvmScores(await trainKernelSvm(matrix, binary, { ...exact, gamma: 0.1 }), matrix))
    two.forEach((score, row) => expect(scores[3 * row + 1]! > scores[3 * row]!).toBe(score > 0))
  })

  it('stops when aborted and names what it cannot use', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(trainKernelSvm(matrix, binary, exact, { signal })).rejects.toThrow('enough')
    await expect(trainKernelSvm(matrix, binary, { ...exact, gamma: 0 })).rejects.toThrow(/gamma is 0/)
    await expect(trainKernelSvm(matrix, binary, { ...exact, penalty: 0 })).rejects.toThrow(/penalty is 0/)
    await expect(trainKernelSvm(matrix, binary.slice(1), exact)).rejects.toThrow(/labels has 39 rows/)
    const missing = { ...matrix, values: matrix.values.with(2, Number.NaN) }
    await expect(trainKernelSvm(missing, binary, exact)).rejects.toThrow(/values\[2\] is NaN/)
  })
})
