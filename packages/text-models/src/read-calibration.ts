import type { BundleFields, Calibration, IsotonicCurve } from '@rapport/ml'

/** A calibration for so many classes, as its JSON has it. Throws RPT_ML_BUNDLE_INVALID. */
export function readCalibration(fields: BundleFields, classes: number): Calibration {
  const kind = fields.choice('kind', ['platt', 'isotonic', 'temperature', 'independent'])
  if (kind === 'temperature') {
    const temperature = fields.number('temperature')
    if (!(temperature > 0)) throw fields.error('temperature', 'is not positive')
    return { kind, temperature }
  }
  const curves = fields.objects('curves')
  const expected = classes === 2 && kind !== 'independent' ? 1 : classes
  if (curves.length !== expected) throw fields.error('curves', `are ${curves.length}, not ${expected}`)
  if (kind === 'isotonic') return { kind, curves: curves.map(readIsotonicCurve) }
  return {
    kind,
    curves: curves.map((curve) => ({ slope: curve.number('slope'), intercept: curve.number('intercept') })),
  }
}

function readIsotonicCurve(fields: BundleFields): IsotonicCurve {
  const scores = fields.numbers('scores')
  const probabilities = fields.numbers('probabilities')
  if (scores.length === 0 || scores.length !== probabilities.length) {
    throw fields.error('probabilities', `are ${probabilities.length} for ${scores.length} scores`)
  }
  for (let point = 0; point < scores.length; point += 1) {
    const probability = probabilities[point] as number
    if (!(probability >= 0 && probability <= 1)) throw fields.error(`probabilities.${point}`, 'is not within 0..1')
    if (point === 0) continue
    const isRising = (scores[point] as number) > (scores[point - 1] as number)
    if (!isRising || probability < (probabilities[point - 1] as number)) {
      throw fields.error(`scores.${point}`, 'is not on a rising curve')
    }
  }
  return { scores, probabilities }
}
