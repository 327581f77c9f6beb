import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate, type Calibration } from './calibration.ts'
import { chooseCalibration, fitCalibration } from './fit-calibration.ts'

/** Margins as the two columns of a binary model whose difference is the margin. */
const columns = (margins: readonly number[]): Float32Array =>
  Float32Array.from(margins.flatMap((margin) => [-margin / 2, margin / 2]))

const margins = [-2.5, -1.75, -1.25, -1, -1, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 0.25]
const labels = Int32Array.of(0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0)
const queries = [-3, -1, -0.6, 0, 0.25, 0.6, 1.25, 4]

const threeScores = Float32Array.of(
  2,
  0.5,
  -1,
  1.5,
  1,
  0,
  0.25,
  2,
  0.5,
  0,
  1,
  1.5,
  -1,
  0.5,
  2,
  1,
  -0.5,
  0.25,
  0.5,
  0.25,
  1,
  3,
  1,
  0.5,
  -0.5,
  1.5,
  1.25,
  0.75,
  0,
  1,
)
const threeLabels = Int32Array.of(0, 1, 1, 2, 2, 0, 0, 0, 1, 2)

const ofClassOne = (calibration: Calibration): number[] => {
  const probabilities = calibrate(calibration, columns(queries), 2)
  return queries.map((_, row) => probabilities[2 * row + 1]!)
}

const close = (expected: readonly number[], digits: number): unknown[] =>
  expected.map((value) => expect.closeTo(value, digits) as unknown)

// The numbers are those of scikit-learn 1.9.1: _SigmoidCalibration, IsotonicRegression, _TemperatureScaling.
describe('calibration, against scikit-learn', () => {
  it('is Platt’s for two classes', () => {
    const calibration = fitCalibration('platt', columns(margins), labels, 2)
    const expected = [0.09287008, 0.27493928, 0.33007866, 0.42189096, 0.46223624, 0.51943971, 0.62324539, 0.9091865]
    expect(ofClassOne(calibration)).toEqual(close(expected, 5))
    expect(calibration).toMatchObject({ curves: [{ slope: expect.closeTo(-0.65468949, 4) as number }] })
  })

  it('is Platt’s one against the rest, normalised, for three', () => {
    const calibration = fitCalibration('platt', threeScores, threeLabels, 3)
    const expected = [0.76736865, 0.20916264, 0.02346871, 0.54282876, 0.36227099, 0.09490025]
    expect([...calibrate(calibration, threeScores.subarray(0, 6), 3)]).toEqual(close(expected, 4))
  })

  it('is isotonic, between the targets of Platt in place of 0 and 1', () => {
    const calibration = fitCalibration('isotonic', columns(margins), labels, 2)
    const positives = labels.reduce((sum, label) => sum + label, 0)
    const [high, low] = [(positives + 1) / (positives + 2), 1 / (labels.length - positives + 2)]
    const [third, twoThirds] = [1 / 3, 2 / 3]
    const shrunk = (means: number[]): unknown =>
      close(
        means.map((mean) => low + mean * (high - low)),
        6,
      )
    expect(calibration).toEqual({
      kind: 'isotonic',
      curves: [
        {
          scores: [-2.5, -1.25, -1, -0.5, -0.25, 0.5, 0.75, 1.5, 2, 3],
          probabilities: shrunk([0, 0, third, third, 0.4, 0.4, twoThirds, twoThirds, 1, 1]),
        },
      ],
    })
    expect(ofClassOne(calibration)).toEqual(shrunk([0, third, third, 0.4, 0.4, 0.50666667, twoThirds, 1]))
  })

  it('is the temperature for two classes and for three', () => {
    const two = fitCalibration('temperature', Float32Array.from(margins.flatMap((m) => [-m, m])), labels, 2)
    expect(two).toMatchObject({ temperature: expect.closeTo(2.2439557, 4) as number })
    const three = fitCalibration('temperature', threeScores, threeLabels, 3)
    expect(three).toMatchObject({ temperature: expect.closeTo(0.41118325, 4) as number })
  })
})

const scoreRows = fc.integer({ min: 2, max: 4 }).chain((classes) =>
  fc
    .array(
      fc.record({
        scores: fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: classes, maxLength: classes }),
        label: fc.integer({ min: 0, max: classes - 1 }),
      }),
      { minLength: 5, maxLength: 40 },
    )
    .map((rows) => ({
      classes,
      scores: Float32Array.from(rows.flatMap((row) => row.scores)),
      labels: Int32Array.from(rows, (row) => row.label),
    })),
)

describe('calibration', () => {
  it('of Platt’s kind never says less of a class for a higher score', () => {
    // The lower its own score, the more often a row is of the class.
    const inverted = Float32Array.from(columns(margins), (score) => -score)
    const calibration = fitCalibration('platt', inverted, labels, 2)
    const high = (labels.filter((label) => label === 1).length + 1) / (labels.filter((label) => label === 1).length + 2)
    const low = 1 / (labels.filter((label) => label === 0).length + 2)
    const mean = labels.reduce((sum, label) => sum + (label === 1 ? high : low), 0) / labels.length
    expect(calibration).toMatchObject({ curves: [{ slope: 0 }] })
    expect([...calibrate(calibration, Float32Array.of(0, 9, 0, -9), 2)]).toEqual(
      close([1 - mean, mean, 1 - mean, mean], 6),
    )
  })

  it('always gives distributions, whatever the scores and also for classes without a row', () => {
    fc.assert(
      fc.property(scoreRows, fc.constantFrom('platt', 'isotonic', 'temperature', 'auto'), (rows, kind) => {
        const calibration = fitCalibration(kind, rows.scores, rows.labels, rows.classes)
        const read = JSON.parse(JSON.stringify(calibration)) as Calibration
        const probabilities = calibrate(read, rows.scores, rows.classes)
        for (let at = 0; at < probabilities.length; at += rows.classes) {
          const row = [...probabilities.subarray(at, at + rows.classes)]
          expect(row.every((value) => value >= 0 && value <= 1)).toBe(true)
          expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('finds the temperature where no neighbour has less log-loss', () => {
    fc.assert(
      fc.property(scoreRows, ({ scores, labels, classes }) => {
        const fitted = fitCalibration('temperature', scores, labels, classes)
        if (fitted.kind !== 'temperature') throw new Error('unreachable')
        const loss = (temperature: number): number => {
          const probabilities = calibrate({ kind: 'temperature', temperature }, scores, classes)
          return labels.reduce((sum, label, row) => sum - Math.log(probabilities[row * classes + label]! + 1e-30), 0)
        }
        const own = loss(fitted.temperature)
        if (fitted.temperature > 2e4 || fitted.temperature < 1e-2) return
        expect(own).toBeLessThanOrEqual(loss(fitted.temperature * 1.05) + 1e-4)
        expect(own).toBeLessThanOrEqual(loss(fitted.temperature / 1.05) + 1e-4)
      }),
    )
  })

  it('chooses by cross-validated log-loss: a curve with a step is isotonic, a sigmoid is not', () => {
    const stepped = { margins: [] as number[], labels: [] as number[] }
    const smooth = { margins: [] as number[], labels: [] as number[] }
    for (let row = 0; row < 600; row += 1) {
      const margin = ((row * 37) % 600) / 100 - 3
      const draw = ((row * 211) % 599) / 599
      stepped.margins.push(margin)
      stepped.labels.push(draw < (margin < -2.5 ? 0.02 : margin < 2 ? 0.5 : 0.98) ? 1 : 0)
      smooth.margins.push(margin)
      smooth.labels.push(draw < 1 / (1 + Math.exp(-1.5 * margin - 1)) ? 1 : 0)
    }
    const options = { classes: 2, seed: 3 }
    const step = chooseCalibration(columns(stepped.margins), Int32Array.from(stepped.labels), options)
    expect(step.calibration.kind).toBe('isotonic')
    expect(step.logLoss.isotonic).toBeLessThan(step.logLoss.platt)
    const sigmoid = chooseCalibration(columns(smooth.margins), Int32Array.from(smooth.labels), options)
    expect(sigmoid.calibration.kind).toBe('platt')
    expect(fitCalibration('auto', columns(smooth.margins), Int32Array.from(smooth.labels), 2)).toEqual(
      sigmoid.calibration,
    )
  })

  it('names what it cannot use', () => {
    const fit = (scores: number[], rows: number[], classes: number): unknown =>
      fitCalibration('platt', Float32Array.from(scores), Int32Array.from(rows), classes)
    expect(() => fit([1, 2], [0], 1)).toThrow(/classes is 1/)
    expect(() => fit([1, 2, 3], [0], 2)).toThrow(/scores has 3 values/)
    expect(() => fit([1, 2], [2], 2)).toThrow(/labels\[0\] is 2/)
    expect(() => fit([1, Number.NaN], [0], 2)).toThrow(/scores\[1\] is NaN/)
    expect(() => fit([], [], 2)).toThrow(/labels has no rows/)
    expect(() => calibrate({ kind: 'platt', curves: [] }, Float32Array.of(1, 2), 2)).toThrow(/0 curves, not 1/)
  })
})
