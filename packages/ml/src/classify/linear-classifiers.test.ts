import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildCsr, type CsrMatrix } from '../sparse/csr.ts'
import type { TrainingControl } from '../training-control.ts'
import { highestClasses, linearScores, type LinearModel } from './linear-model.ts'
import { trainLinearSvm } from './linear-svm.ts'
import { trainLogisticRegression } from './logistic-regression.ts'
import { trainComplementNaiveBayes, trainMultinomialNaiveBayes } from './naive-bayes.ts'
import type { ClassifierOptions } from './training-examples.ts'

/** 24 rows of 6 features, those of a row's class more often above 0; the constants are scikit-learn's 1.9.1 on them. */
const { rows, labels } = sample()
const two = labels.map((label) => Math.min(label, 1))
const sampleWeights = Float64Array.from(labels, (_, row) => 1 + (row % 4) / 2)
const classWeights = Float64Array.of(2, 0.5)
const exact = { tolerance: 1e-9, maxEpochs: 1e6, maxIterations: 500 }

function sample(): { rows: CsrMatrix; labels: Int32Array } {
  let state = 7
  const entries = { rows: 24, columns: 6, rowOf: [] as number[], columnOf: [] as number[], values: [] as number[] }
  for (let row = 0; row < 24; row += 1) {
    for (let column = 0; column < 6; column += 1) {
      state = (state * 48271) % 2147483647
      const level = state % 8
      if (level >= 4 && (level === 7 || column % 3 !== row % 3)) continue
      entries.rowOf.push(row)
      entries.columnOf.push(column)
      entries.values.push((level + 1) / 4)
    }
  }
  return { rows: buildCsr(entries), labels: Int32Array.from({ length: 24 }, (_, row) => row % 3) }
}

const firstRows = (count: number): CsrMatrix => ({ ...rows, rows: count, starts: rows.starts.slice(0, count + 1) })
const matrixOf = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_, column) => values[row * columns + column]!),
  )
/** The largest difference; infinite for another number of values. */
function errorOf(values: ArrayLike<number>, expected: readonly (readonly number[])[]): number {
  const flat = expected.flat()
  if (flat.length !== values.length) return Infinity
  return flat.reduce((largest, value, at) => Math.max(largest, Math.abs(values[at]! - value)), 0)
}
const softmax = (scores: Float32Array, classes: number): number[][] =>
  matrixOf(scores, classes).map((row) => {
    const sum = row.reduce((total, score) => total + Math.exp(score), 0)
    return row.map((score) => Math.exp(score) / sum)
  })
/** Of a model of two classes: the weights of class 1. */
const weightsOfOne = (model: LinearModel, scale = 1): number[] =>
  matrixOf(model.weights, 2).map((row) => scale * row[1]!)

describe('naive Bayes', () => {
  it('is scikit-learn’s MultinomialNB', async () => {
    const model = await trainMultinomialNaiveBayes(rows, labels, { classes: 3, alpha: 0.5 })
    expect(errorOf(model.bias, [[-1.098612, -1.098612, -1.098612]])).toBeLessThan(1e-4)
    expect(
      errorOf(model.weights, [
        [-1.217672, -2.006535, -2.386467],
        [-1.94591, -1.411828, -2.068013],
        [-2.020018, -2.476538, -1.098612],
        [-1.876917, -1.888752, -3.367296],
        [-1.94591, -1.282616, -2.85647],
        [-2.020018, -2.214174, -1.031921],
      ]),
    ).toBeLessThan(1e-4)
    const weighted = await trainMultinomialNaiveBayes(rows, labels, { classes: 3, alpha: 0.5, sampleWeights })
    expect(
      errorOf(linearScores(weighted, firstRows(2)), [
        [-2.647718, -3.159958, -4.005917],
        [-5.864299, -5.377017, -8.382678],
      ]),
    ).toBeLessThan(1e-4)
  })

  it('is scikit-learn’s ComplementNB, also normalised', async () => {
    const model = await trainComplementNaiveBayes(rows, labels, { classes: 3, alpha: 0.5 })
    expect(
      errorOf(linearScores(model, firstRows(2)), [
        [2.250117, 1.989323, 1.725416],
        [4.974257, 5.687474, 4.250598],
      ]),
    ).toBeLessThan(1e-4)
    const options = { classes: 3, alpha: 0.5, normalise: true, sampleWeights }
    expect(
      errorOf(linearScores(await trainComplementNaiveBayes(rows, labels, options), firstRows(2)), [
        [0.208343, 0.176978, 0.162883],
        [0.454816, 0.506152, 0.39231],
      ]),
    ).toBeLessThan(1e-4)
  })

  it('has finite weights for a class that does not occur, and never answers it', async () => {
    const model = await trainMultinomialNaiveBayes(rows, labels, { classes: 4 })
    expect([...model.weights, ...model.bias].every(Number.isFinite)).toBe(true)
    expect(highestClasses(linearScores(model, rows), 4)).not.toContain(3)
  })
})

describe('linear SVM', () => {
  it('is scikit-learn’s LinearSVC, one against the rest', async () => {
    const model = await trainLinearSvm(rows, labels, { ...exact, classes: 3, cost: 0.7 })
    expect(errorOf(model.bias, [[-0.327137, -0.589324, 0.156989]])).toBeLessThan(1e-4)
    expect(
      errorOf(model.weights, [
        [0.981064, -0.630065, -0.668454],
        [-0.209668, 0.65393, -0.564413],
        [-0.018079, -0.395387, 0.265468],
        [0.455923, 0.200266, -1.141802],
        [-0.71864, 0.904027, -0.38887],
        [-0.352514, -0.2748, 0.647893],
      ]),
    ).toBeLessThan(1e-4)
  })

  it('is it for two classes with weights of examples and classes', async () => {
    const options = { ...exact, classes: 2, cost: 0.7, sampleWeights, classWeights }
    const model = await trainLinearSvm(rows, two, options)
    expect(
      errorOf(weightsOfOne(model), [[-1.072309, -0.095205, -0.081191, -0.636173, 0.971391, 0.606381]]),
    ).toBeLessThan(1e-4)
    expect(errorOf(model.bias, [[0.032801, -0.032801]])).toBeLessThan(1e-4)
  })
})

describe('logistic regression', () => {
  it('is scikit-learn’s for three classes', async () => {
    const model = await trainLogisticRegression(rows, labels, { ...exact, classes: 3, cost: 2 })
    expect(
      errorOf(softmax(linearScores(model, firstRows(3)), 3).flat(), [
        [0.722961, 0.116909, 0.16013],
        [0.174164, 0.778227, 0.047609],
        [0.250436, 0.04324, 0.706324],
      ]),
    ).toBeLessThan(1e-4)
    expect(errorOf(model.weights.subarray(0, 3), [[1.30663, -0.55689, -0.74974]])).toBeLessThan(1e-4)
  })

  it('is it for two classes with weights of examples and classes', async () => {
    const options = { ...exact, classes: 2, cost: 2, sampleWeights, classWeights }
    const model = await trainLogisticRegression(rows, two, options)
    expect(
      errorOf(weightsOfOne(model, 2), [[-1.933216, 0.175553, 0.155185, -0.991153, 1.596116, 1.078805]]),
    ).toBeLessThan(1e-4)
    expect(2 * model.bias[1]!).toBeCloseTo(-0.528007, 4)
    expect(
      errorOf(softmax(linearScores(model, firstRows(2)), 2).flat(), [
        [0.879763, 0.120237],
        [0.376594, 0.623406],
      ]),
    ).toBeLessThan(1e-4)
  })

  it('is it with the l1 penalty, zeros included', async () => {
    const binary = await trainLogisticRegression(rows, two, { ...exact, classes: 2, cost: 2, penalty: 'l1' })
    expect(errorOf(weightsOfOne(binary, 2), [[-2.293003, 0, 0, -0.753178, 1.557737, 0.546037]])).toBeLessThan(1e-3)
    expect(weightsOfOne(binary).slice(1, 3)).toEqual([0, 0])
    const three = await trainLogisticRegression(rows, labels, { ...exact, classes: 3, cost: 2, penalty: 'l1' })
    expect(errorOf(three.weights.subarray(9, 15), [[0, 0, -2.532614, 0, 2.519012, 0]])).toBeLessThan(1e-3)
    expect(
      errorOf(softmax(linearScores(three, firstRows(2)), 3).flat(), [
        [0.764823, 0.091982, 0.143195],
        [0.13445, 0.816211, 0.049339],
      ]),
    ).toBeLessThan(1e-3)
  })
})

type Trainer = (
  rows: CsrMatrix,
  labels: Int32Array,
  options: ClassifierOptions,
  control?: TrainingControl,
) => Promise<LinearModel>
const exactly =
  <Options>(
    train: (
      ...args: [CsrMatrix, Int32Array, Options & { tolerance: number }, TrainingControl?]
    ) => Promise<LinearModel>,
  ) =>
  (rows: CsrMatrix, labels: Int32Array, options: Options, control?: TrainingControl): Promise<LinearModel> =>
    train(rows, labels, { ...options, tolerance: 1e-8 }, control)
const trainers: readonly (readonly [string, Trainer])[] = [
  ['multinomial naive Bayes', trainMultinomialNaiveBayes],
  ['complement naive Bayes', trainComplementNaiveBayes],
  ['linear SVM', exactly(trainLinearSvm)],
  ['logistic regression', exactly(trainLogisticRegression)],
]

describe.each(trainers)('%s', (_, train) => {
  it('takes an example of weight 2 for two examples, and one of weight 0 for none', async () => {
    const counts = fc.array(fc.nat(2), { minLength: 24, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(counts, async (times) => {
        times.fill(1, 0, 3)
        const order = times.flatMap((count, row) => Array.from({ length: count }, () => row))
        const cells = order.flatMap((from, row) =>
          [...rows.indices.subarray(rows.starts[from], rows.starts[from + 1])].map((column, slot) => ({
            row,
            column,
            value: rows.values[rows.starts[from]! + slot]!,
          })),
        )
        const repeated = buildCsr({
          rows: order.length,
          columns: 6,
          rowOf: cells.map(({ row }) => row),
          columnOf: cells.map(({ column }) => column),
          values: cells.map(({ value }) => value),
        })
        const given = await train(rows, labels, { classes: 3, sampleWeights: Float64Array.from(times) })
        const other = await train(
          repeated,
          Int32Array.from(order, (row) => labels[row]!),
          { classes: 3 },
        )
        expect(errorOf(given.weights, [[...other.weights]])).toBeLessThan(1e-3)
      }),
      { numRuns: 15 },
    )
  })

  it('is the same bit for bit a second time', async () => {
    const options = { classes: 3, classWeights: 'balanced' } as const
    expect(await train(rows, labels, options)).toEqual(await train(rows, labels, options))
  })

  it.each([
    [{ classes: 1 }, /classes is 1/],
    [{ classes: 2 }, /labels\[2\] is 2/],
    [{ classes: 3, sampleWeights: new Float64Array(2) }, /sampleWeights has 2/],
    [{ classes: 3, sampleWeights: new Float64Array(24).fill(-1) }, /sampleWeights\[0\] is -1/],
    [{ classes: 3, sampleWeights: new Float64Array(24) }, /fewer than two classes/],
    [{ classes: 3, classWeights: Float64Array.of(1) }, /classWeights has 1/],
    [{ classes: 3, classWeights: Float64Array.of(1, Number.NaN, 1) }, /classWeights\[1\] is NaN/],
  ])('refuses %o', async (options, message) => {
    await expect(train(rows, labels, options)).rejects.toThrow(message)
  })
})

it('scores no rows of another width', async () => {
  const model = await trainMultinomialNaiveBayes(rows, labels, { classes: 3 })
  expect(() => linearScores(model, { ...rows, columns: 7 })).toThrow(/has 7 columns, the model 6/)
  await expect(trainLinearSvm(rows, labels, { classes: 3, cost: 0 })).rejects.toThrow(/cost is 0/)
  await expect(trainLogisticRegression(rows, labels, { classes: 3, tolerance: -1 })).rejects.toThrow(/tolerance is -1/)
  await expect(trainComplementNaiveBayes(rows, labels, { classes: 3, alpha: 0 })).rejects.toThrow(/alpha is 0/)
})

it('stops when told to, and tells its progress', async () => {
  const stopped = AbortSignal.abort(new Error('enough'))
  for (const [, train] of trainers) {
    await expect(train(rows, labels, { classes: 3 }, { signal: stopped })).rejects.toThrow('enough')
  }
  const seen: number[] = []
  await trainLogisticRegression(rows, labels, { classes: 3 }, { onProgress: (fraction) => seen.push(fraction) })
  expect(seen.at(-1)).toBe(1)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})
