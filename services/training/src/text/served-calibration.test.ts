import { calibrate } from '@rapport/ml'
import { expect, it } from 'vitest'
import { seededRandom } from '../testing/synthetic-archive.ts'
import { chooseServedCalibration } from './served-calibration.ts'
import { objectiveOf, objectiveOfScores } from './text-objective.ts'

const classes = 3

/** One label of nine rows in ten; the margins are those of a training that gave every label the same weight. */
function margins(seed: number): { readonly labels: Int32Array; readonly scores: Float32Array } {
  const random = seededRandom(seed)
  const noise = (): number => random() + random() + random() - 1.5
  const labels = Int32Array.from({ length: 3000 }, (_, row) => (row % 20 === 0 ? 1 : row % 20 === 1 ? 2 : 0))
  const scores = Float32Array.from({ length: labels.length * classes }, (_, at) => {
    const isOwn = labels[Math.floor(at / classes)] === at % classes
    return (isOwn ? 0.4 : -0.4) + noise()
  })
  return { labels, scores }
}

it('keeps the objective that rare labels were weighed up for', () => {
  const fitted = margins(4)
  const fresh = margins(5)
  const served = (chosenBy: 'macro-f1' | 'log-loss', figure: 'macro-f1' | 'log-loss'): number => {
    const calibration = chooseServedCalibration(chosenBy, fitted.scores, { labels: fitted.labels, classes })
    return objectiveOf(figure, calibrate(calibration, fresh.scores, classes), { labels: fresh.labels, classes })
  }
  const raw = objectiveOfScores('macro-f1', fresh.scores, { labels: fresh.labels, classes })
  expect(served('macro-f1', 'macro-f1')).toBeGreaterThanOrEqual(raw - 0.01)
  expect(served('log-loss', 'log-loss')).toBeGreaterThanOrEqual(served('macro-f1', 'log-loss'))
})
