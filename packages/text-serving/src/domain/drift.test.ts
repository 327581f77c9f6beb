import { countAnswers } from '@rapport/text-models'
import { expect, test } from 'vitest'
import { Drift } from './drift.ts'

/** In four of five answers the first label, with 0.95 and 0.65 in turn. */
const trainedOn = (texts: number) =>
  countAnswers(
    Float32Array.from({ length: 2 * texts }, (_, at) => {
      const row = at >> 1
      const best = row % 2 === 0 ? 0.95 : 0.65
      const isFirst = row % 5 !== 0
      return (at % 2 === 0) === isFirst ? best : 1 - best
    }),
    2,
  )
const trained = trainedOn(1_000)
const note = (drift: Drift, documents: number, isFirst: (row: number) => boolean): void => {
  for (let row = 0; row < documents; row += 1) drift.note(isFirst(row) ? 0 : 1, row % 2 === 0 ? 0.95 : 0.65)
}

test('nothing is said of few answers', () => {
  const drift = new Drift(trained, 2)
  note(drift, 199, () => true)
  expect(drift.figures()).toBeUndefined()
  note(drift, 1, () => true)
  expect(drift.figures()).toMatchObject({ documents: 200 })
})

test('answers as in the training have not drifted, others have', () => {
  const drift = new Drift(trained, 2)
  note(drift, 500, (row) => row % 5 !== 0)
  expect(drift.figures()?.labels).toBeLessThan(0.02)
  expect(drift.figures()?.confidence).toBeLessThan(0.05)
  note(drift, 2_000, (row) => row % 5 === 0)
  expect(drift.figures()?.labels).toBeGreaterThan(0.25)
})

test('only the newest answers count', () => {
  const drift = new Drift(trained, 2)
  note(drift, 2_000, () => false)
  note(drift, 2_000, (row) => row % 5 !== 0)
  expect(drift.figures()?.labels).toBeLessThan(0.02)
})

test('a training that has kept no answers is compared with nothing', () => {
  const drift = new Drift(undefined, 2)
  note(drift, 1_000, () => true)
  expect(drift.figures()).toBeUndefined()
})

test('a training with few answers is compared with nothing: chance alone would make a difference', () => {
  for (const [texts, isCompared] of [
    [199, false],
    [200, true],
  ] as const) {
    const drift = new Drift(trainedOn(texts), 2)
    note(drift, 1_000, (row) => row % 5 !== 0)
    expect(drift.figures() !== undefined).toBe(isCompared)
  }
})
