import { argumentError } from '../../errors.ts'
import type { CsrMatrix } from '../../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../../training-control.ts'
import { checkMatrix, isSparse, type FeatureMatrix } from '../../trees/feature-matrix.ts'
import { rowWeights, type RowWeightOptions } from '../../trees/row-weights.ts'
import { KernelCache, RowProducts, squaredNorms } from './kernel-cache.ts'
import { SmoSolver } from './smo.ts'

export interface KernelSvmOptions extends RowWeightOptions {
  /** Penalty of violations (C), times the weight of the row; 1 when absent. */
  readonly penalty?: number
  /** Of `exp(-gamma |x - z|^2)`; `'scale'` (default) is 1 / (features * variance of all cells). */
  readonly gamma?: number | 'scale'
  /** 0.001 when absent. */
  readonly tolerance?: number
  /** For columns of the kernel; 100 MiB when absent. */
  readonly cacheBytes?: number
}

/**
 * An RBF-kernel machine; plain data. Pair `p` tells class `a` from class `b > a` (0-1, 0-2, …, 1-2, …) by
 * `sum of coefficients * kernel + intercepts[p]`, positive for `b`, over the entries `pairStarts[p] .. pairStarts[p + 1]`.
 */
export interface KernelSvmModel {
  readonly classes: number
  readonly gamma: number
  readonly supportVectors: CsrMatrix
  readonly pairStarts: Int32Array
  /** Row of `supportVectors`. */
  readonly vectors: Int32Array
  readonly coefficients: Float64Array
  readonly intercepts: Float64Array
}

/**
 * A C-support vector machine with RBF kernel, one machine for every pair of classes. Time grows with the square of the rows
 * and worse: for some thousand rows. Rejects with the signal's reason once aborted. Throws RPT_ML_ARGUMENT_INVALID and
 * RPT_ML_NOT_CONVERGED.
 */
export async function trainKernelSvm(
  matrix: FeatureMatrix,
  labels: Int32Array,
  options: KernelSvmOptions,
  control: TrainingControl = {},
): Promise<KernelSvmModel> {
  const { classes, penalty = 1, tolerance = 1e-3, cacheBytes = 100 * 1024 * 1024 } = options
  if (labels.length !== matrix.rows) throw argumentError('labels', `has ${labels.length} rows, not ${matrix.rows}`)
  for (const [name, value] of Object.entries({ penalty, tolerance })) {
    if (!(value > 0)) throw argumentError(name, `is ${value}, not positive`)
  }
  const rows = toSparseRows(matrix)
  const gamma = options.gamma === undefined || options.gamma === 'scale' ? scaleGamma(rows) : options.gamma
  if (!(gamma > 0)) throw argumentError('gamma', `is ${gamma}, not positive`)
  const weights = rowWeights(labels, options)
  const norms = squaredNorms(rows)
  const pacer = createPacer(control)
  const collector = new SupportCollector(rows, classes)
  const pairs = pairsOf(classes)
  for (const [index, [low, high]] of pairs.entries()) {
    const members = Int32Array.from(labels.keys()).filter(
      (row) => (labels[row] === low || labels[row] === high) && (weights[row] as number) > 0,
    )
    const signs = Int8Array.from(members, (row) => (labels[row] === high ? 1 : -1))
    const bounds = Float64Array.from(members, (row) => penalty * (weights[row] as number))
    const kernel = new KernelCache(rows, norms, { gamma, rows: members, cacheBytes })
    const solver = new SmoSolver({ kernel, signs, bounds, tolerance })
    while (solver.step()) if (pacer.due()) await pacer.pause(index / pairs.length)
    const { multipliers, intercept } = solver.solution()
    collector.add(
      members,
      multipliers.map((multiplier, at) => multiplier * (signs[at] as number)),
      intercept,
    )
  }
  control.onProgress?.(1)
  return collector.build(gamma)
}

/**
 * Scores, rows x classes, row-major. Two classes: the decision value for class 1 and its negative. More: the votes of the
 * pairs, and below 1/3 the sum of their decision values `s / (3 (|s| + 1))`, which breaks ties (as scikit-learn's
 * one-vs-rest shape). Throws RPT_ML_ARGUMENT_INVALID.
 */
export function kernelSvmScores(model: KernelSvmModel, matrix: FeatureMatrix): Float32Array {
  const { classes, supportVectors } = model
  if (matrix.columns !== supportVectors.columns) {
    throw argumentError('matrix', `has ${matrix.columns} columns, not ${supportVectors.columns}`)
  }
  const rows = toSparseRows(matrix)
  const norms = squaredNorms(rows)
  const supportNorms = squaredNorms(supportVectors)
  const products = new RowProducts(supportVectors)
  const kernels = new Float64Array(supportVectors.rows)
  const scores = new Float32Array(rows.rows * classes)
  for (let row = 0; row < rows.rows; row += 1) {
    products.compute(rows, row, kernels)
    for (let vector = 0; vector < kernels.length; vector += 1) {
      const distance = (norms[row] as number) + (supportNorms[vector] as number) - 2 * (kernels[vector] as number)
      kernels[vector] = Math.exp(-model.gamma * Math.max(0, distance))
    }
    scores.set(toScores(decisions(model, kernels), classes), row * classes)
  }
  return scores
}

function decisions(
  { pairStarts, vectors, coefficients, intercepts }: KernelSvmModel,
  kernels: Float64Array,
): Float64Array {
  return intercepts.map((intercept, pair) => {
    let sum = intercept
    const end = pairStarts[pair + 1] as number
    for (let entry = pairStarts[pair] as number; entry < end; entry += 1) {
      sum += (coefficients[entry] as number) * (kernels[vectors[entry] as number] as number)
    }
    return sum
  })
}

function toScores(values: Float64Array, classes: number): Float64Array {
  if (classes === 2) return Float64Array.of(-(values[0] as number), values[0] as number)
  const votes = new Float64Array(classes)
  const sums = new Float64Array(classes)
  for (const [pair, [low, high]] of pairsOf(classes).entries()) {
    const value = values[pair] as number
    const winner = value > 0 ? high : low
    votes[winner] = (votes[winner] as number) + 1
    sums[low] = (sums[low] as number) - value
    sums[high] = (sums[high] as number) + value
  }
  return votes.map((count, label) => count + (sums[label] as number) / (3 * (Math.abs(sums[label] as number) + 1)))
}

const pairsOf = (classes: number): (readonly [number, number])[] =>
  Array.from({ length: classes }, (_, low) => low).flatMap((low) =>
    Array.from({ length: classes - low - 1 }, (_, step) => [low, low + 1 + step] as const),
  )

/** Gathers the machines of the pairs; a row that several of them rest on is kept once. */
class SupportCollector {
  private readonly rows: CsrMatrix
  private readonly classes: number
  private readonly placeOf = new Map<number, number>()
  private readonly starts: number[] = [0]
  private readonly vectors: number[] = []
  private readonly coefficients: number[] = []
  private readonly intercepts: number[] = []

  constructor(rows: CsrMatrix, classes: number) {
    this.rows = rows
    this.classes = classes
  }

  add(members: Int32Array, coefficients: Float64Array, intercept: number): void {
    coefficients.forEach((coefficient, at) => {
      if (coefficient === 0) return
      const row = members[at] as number
      const place = this.placeOf.get(row) ?? this.placeOf.size
      this.placeOf.set(row, place)
      this.vectors.push(place)
      this.coefficients.push(coefficient)
    })
    this.intercepts.push(intercept)
    this.starts.push(this.vectors.length)
  }

  build(gamma: number): KernelSvmModel {
    return {
      classes: this.classes,
      gamma,
      supportVectors: takeRows(this.rows, [...this.placeOf.keys()]),
      pairStarts: Int32Array.from(this.starts),
      vectors: Int32Array.from(this.vectors),
      coefficients: Float64Array.from(this.coefficients),
      intercepts: Float64Array.from(this.intercepts),
    }
  }
}

function takeRows({ columns, starts, indices, values }: CsrMatrix, rows: readonly number[]): CsrMatrix {
  const outStarts = new Int32Array(rows.length + 1)
  for (const [at, row] of rows.entries()) {
    outStarts[at + 1] = (outStarts[at] as number) + (starts[row + 1] as number) - (starts[row] as number)
  }
  const outIndices = new Int32Array(outStarts[rows.length] as number)
  const outValues = new Float32Array(outIndices.length)
  for (const [at, row] of rows.entries()) {
    outIndices.set(indices.subarray(starts[row], starts[row + 1]), outStarts[at])
    outValues.set(values.subarray(starts[row], starts[row + 1]), outStarts[at])
  }
  return { rows: rows.length, columns, starts: outStarts, indices: outIndices, values: outValues }
}

function toSparseRows(matrix: FeatureMatrix): CsrMatrix {
  checkMatrix(matrix)
  const wrong = matrix.values.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0) throw argumentError(`values[${wrong}]`, `is ${matrix.values[wrong]}, not finite`)
  if (isSparse(matrix)) return matrix
  const { rows, columns, values } = matrix
  const starts = new Int32Array(rows + 1)
  const cells = Int32Array.from(values.keys()).filter((cell) => values[cell] !== 0)
  for (const cell of cells) {
    const row = Math.floor(cell / columns)
    starts[row + 1] = (starts[row + 1] as number) + 1
  }
  for (let row = 0; row < rows; row += 1) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number)
  const kept = Float32Array.from(cells, (cell) => values[cell] as number)
  return { rows, columns, starts, indices: cells.map((cell) => cell % columns), values: kept }
}

function scaleGamma({ rows, columns, values }: CsrMatrix): number {
  const cells = rows * columns
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / cells
  let squares = (cells - values.length) * mean * mean
  for (const value of values) squares += (value - mean) ** 2
  return squares === 0 ? 1 : cells / (columns * squares)
}
