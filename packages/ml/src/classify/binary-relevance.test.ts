import { expect, test } from 'vitest'
import { fitIndependentCalibration } from './calibration/fit-calibration.ts'
import { calibrate } from './calibration/calibration.ts'
import { trainBinaryRelevance } from './binary-relevance.ts'
import { linearScores } from './linear-model.ts'
import { trainLinearSvm } from './linear-svm.ts'

/** A column for each label, and one that says nothing. */
const sets = Array.from({ length: 40 }, (_, row) =>
  Int32Array.from([0, 1, 2].filter((label) => (row + 1) % (label + 2) === 0)),
)
const cells = sets.flatMap((set, row) => [...set].concat(3).map((column) => ({ row, column })))
const rows = {
  rows: sets.length,
  columns: 4,
  starts: Int32Array.from([0, ...sets.map((_, row) => cells.filter((cell) => cell.row <= row).length)]),
  indices: Int32Array.from(cells, ({ column }) => column),
  values: Float32Array.from(cells, () => 1),
}
const train = (...[part, labels, control]: Parameters<Parameters<typeof trainBinaryRelevance>[2]['train']>) =>
  trainLinearSvm(part, labels, { classes: 2, cost: 10 }, control)

test('every label has the margin of its own model', async () => {
  const scores = linearScores(await trainBinaryRelevance(rows, sets, { classes: 3, train }), rows)
  for (const [row, set] of sets.entries()) {
    const given = [0, 1, 2].filter((label) => (scores[row * 3 + label] as number) > 0)
    expect(given).toEqual([...set])
  }
  const alone = linearScores(
    await train(
      rows,
      Int32Array.from(sets, (set) => (set.includes(1) ? 1 : 0)),
      {},
    ),
    rows,
  )
  for (let row = 0; row < rows.rows; row += 1) {
    expect(scores[row * 3 + 1]).toBeCloseTo((alone[2 * row + 1] as number) - (alone[2 * row] as number), 5)
  }
})

test('labels of all rows, or of none, are given to all, or to none', async () => {
  const whole = sets.map((set) => Int32Array.from([...set, 3]))
  const scores = linearScores(await trainBinaryRelevance(rows, whole, { classes: 5, train }), rows)
  for (let row = 0; row < rows.rows; row += 1) expect([...scores.subarray(row * 5 + 3, row * 5 + 5)]).toEqual([1, -1])
})

test('independent curves say how often each label is there', () => {
  const scores = Float32Array.from(sets.flatMap((set) => [0, 1].map((label) => (set.includes(label) ? 1 : -1))))
  const two = sets.map((set) => set.filter((label) => label < 2))
  const calibration = fitIndependentCalibration(scores, two, 2)
  expect(calibration).toMatchObject({ kind: 'independent', curves: { length: 2 } })
  const probabilities = calibrate(calibration, Float32Array.of(1, 1, -1, -1), 2)
  expect([...probabilities].map(Math.round)).toEqual([1, 1, 0, 0])
})
