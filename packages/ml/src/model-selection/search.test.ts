import { RapportError } from '@rapport/core'
import { describe, expect, it } from 'vitest'
import { parameterGrid, type Candidate, type SearchStep } from './candidate.ts'
import type { SearchOptions } from './evaluation-run.ts'
import { gridSearch, halvingSchedule, halvingSearch } from './search.ts'

/** 60 rows whose value says the class; a threshold classifier is best at 0. */
const values = Float64Array.from({ length: 60 }, (_, row) => ((row * 7) % 60) - 29.5)
const labels = Int32Array.from(values, (value) => (value > 0 ? 1 : 0))

/** Tells the threshold apart by what it was trained on: its mean error shrinks with the rows. */
const thresholdAt = (threshold: number, log: number[] = []): Candidate<Int32Array> => ({
  name: `threshold ${threshold}`,
  fit(trainRows) {
    log.push(trainRows.length)
    return Promise.resolve((rows) => rows.map((row) => (values[row]! > threshold ? 1 : 0)))
  },
})

const accuracy = (prediction: Int32Array, rows: Int32Array): number =>
  prediction.filter((label, at) => label === labels[rows[at]!]).length / rows.length

const options: SearchOptions<Int32Array> = { labels, folds: 3, seed: 1, score: accuracy }

/** A clock that goes on when told. */
function handClock(): { now: () => number; advance: (ms: number) => void } {
  let time = 0
  return {
    now: () => time,
    advance: (ms) => {
      time += ms
    },
  }
}

describe('the grid', () => {
  it('is the product of the values', () => {
    expect(parameterGrid({ a: [1, 2], b: ['x', 'y'] as const })).toEqual([
      { a: 1, b: 'x' },
      { a: 1, b: 'y' },
      { a: 2, b: 'x' },
      { a: 2, b: 'y' },
    ])
    expect(parameterGrid({})).toEqual([{}])
  })
})

describe('grid search', () => {
  it('scores every candidate on every fold, the best first', async () => {
    const { winner, results } = await gridSearch(
      [10, 0, -20].map((at) => thresholdAt(at)),
      options,
    )
    expect(winner).toBe('threshold 0')
    expect(results.map(({ name, status }) => [name, status])).toEqual([
      ['threshold 0', 'finished'],
      ['threshold 10', 'finished'],
      ['threshold -20', 'finished'],
    ])
    expect(results[0]).toMatchObject({ mean: 1, deviation: 0, trainRows: 40, scores: [1, 1, 1] })
    expect(results[1]!.mean).toBeCloseTo(50 / 60)
  })

  it('takes the folds that it is given', async () => {
    const foldOf = Int32Array.from(labels.keys(), (row) => (row < 10 ? 0 : 1))
    const log: number[] = []
    await gridSearch([thresholdAt(0, log)], { ...options, folds: 2, foldOf })
    expect(log).toEqual([50, 10])
    await expect(gridSearch([thresholdAt(0)], { ...options, foldOf: foldOf.subarray(1) })).rejects.toThrow(
      'foldOf has 59 entries for 60 rows',
    )
  })

  it('leaves out what does not fit the time any more, and says so', async () => {
    const clock = handClock()
    const slow = (name: string, ms: number): Candidate<Int32Array> => ({
      name,
      fit(rows, control) {
        clock.advance(ms)
        return thresholdAt(0).fit(rows, control)
      },
    })
    const candidates = [slow('quick', 100), slow('slow', 4000), slow('late', 3000), slow('never', 1)]
    const { winner, results } = await gridSearch(candidates, { ...options, budgetMs: 7000, clock })
    expect(winner).toBe('quick')
    expect(results.map(({ name, status, reason }) => [name, status, reason])).toEqual([
      ['quick', 'finished', undefined],
      ['slow', 'left-out', 'needs about 8.0 s, 2.7 s are left'],
      ['late', 'left-out', 'needs about 6.0 s, 0.0 s are left'],
      ['never', 'left-out', '0.0 s are left'],
    ])
  })

  it('stops a training at the end of its time', async () => {
    const endless: Candidate<Int32Array> = {
      name: 'endless',
      fit: (_, { signal }) =>
        new Promise((_, reject) => {
          signal!.addEventListener('abort', () => reject(signal!.reason as Error))
        }),
    }
    // By this clock there is always time; it is the timer that ends it.
    const run = { ...options, budgetMs: 1, clock: handClock() }
    const { winner, results } = await gridSearch([thresholdAt(0), endless], run)
    expect(winner).toBe('threshold 0')
    expect(results[1]).toMatchObject({ status: 'left-out', reason: 'its time was over while it was trained' })
  })

  it('goes on after a trainer that refuses, and rejects with a bug or an abort', async () => {
    const failing = (problem: Error): Candidate<Int32Array> => ({
      name: 'x',
      fit() {
        throw problem
      },
    })
    const refused = new RapportError('RPT_ML_ARGUMENT_INVALID', 'labels has one class')
    const { winner, results } = await gridSearch([failing(refused), thresholdAt(0)], options)
    expect(winner).toBe('threshold 0')
    expect(results[1]).toMatchObject({ name: 'x', status: 'failed', reason: 'labels has one class', scores: [] })
    await expect(gridSearch([failing(new TypeError('bug'))], options)).rejects.toThrow('bug')
    const abort = new AbortController()
    const aborting: Candidate<Int32Array> = {
      name: 'aborting',
      fit: (rows, control) => {
        abort.abort(new Error('enough'))
        return thresholdAt(0).fit(rows, control)
      },
    }
    await expect(gridSearch([aborting], { ...options, signal: abort.signal })).rejects.toThrow('enough')
  })

  it('has no winner where nothing finished', async () => {
    const refuse = (): Promise<never> => Promise.reject(new RapportError('RPT_ML_ARGUMENT_INVALID', 'no'))
    expect(await gridSearch([{ name: 'a', fit: refuse }], options)).toMatchObject({ winner: undefined })
    await expect(gridSearch([thresholdAt(0), thresholdAt(0)], options)).rejects.toThrow(/two of one name/)
  })

  it('tells its progress, rising to 1, and the best so far', async () => {
    const fractions: number[] = []
    const steps: SearchStep[] = []
    const control = {
      onProgress: (fraction: number) => fractions.push(fraction),
      onStep: (step: SearchStep) => steps.push(step),
    }
    await gridSearch([thresholdAt(10), thresholdAt(0)], { ...options, ...control })
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
    expect(fractions.at(-1)).toBe(1)
    expect(steps).toHaveLength(6)
    expect(steps[0]).toEqual({ candidate: 'threshold 10', round: 0, rounds: 1, fold: 0 })
    expect(steps[5]).toMatchObject({ candidate: 'threshold 0', fold: 2, best: { candidate: 'threshold 10' } })
  })
})

describe('successive halving', () => {
  it('trains the best of each round on more rows', async () => {
    const log: number[] = []
    const candidates = [0, 3, 6, 9, 12, 15, 18, 21, 24].map((at) => thresholdAt(at, log))
    const { winner, results } = await halvingSearch(candidates, { ...options, minRows: 4 })
    expect(winner).toBe('threshold 0')
    expect(log).toEqual([4, 12, 40].flatMap((rows, round) => Array<number>(27 / 3 ** round).fill(rows)))
    expect(results.slice(0, 3).map(({ status, trainRows }) => [status, trainRows])).toEqual([
      ['finished', 40],
      ['eliminated', 12],
      ['eliminated', 12],
    ])
    expect(results[8]).toMatchObject({ status: 'eliminated', reason: 'not among the best 3 of 9 on 4 rows' })
  })

  it('keeps the winner of the last full round when the time ends', async () => {
    const clock = handClock()
    const costly = (at: number): Candidate<Int32Array> => ({
      name: `${at}`,
      fit(rows, control) {
        clock.advance(rows.length)
        return thresholdAt(at).fit(rows, control)
      },
    })
    const run = { ...options, minRows: 4, clock, budgetMs: 9 * 12 + 10 }
    const { winner, results } = await halvingSearch([9, 0, 3, 6, 12, 15, 18, 21, 24].map(costly), run)
    expect(winner).toBe('0')
    expect(results[0]).toMatchObject({ status: 'left-out', trainRows: 4, reason: 'needs about 0.0 s, 0.0 s are left' })
  })

  it('wastes no time on what could not end in the last round', async () => {
    const clock = handClock()
    const paced = (at: number, msPerRow: number): Candidate<Int32Array> => ({
      name: `${at}`,
      fit(rows, control) {
        clock.advance(rows.length * msPerRow)
        return thresholdAt(at).fit(rows, control)
      },
    })
    const candidates = [paced(3, 1), paced(0, 5), paced(6, 1), paced(9, 1)]
    const { winner, results } = await halvingSearch(candidates, { ...options, minRows: 4, clock, budgetMs: 500 })
    expect(winner).toBe('3')
    expect(results.at(-1)).toMatchObject({
      name: '0',
      status: 'left-out',
      reason: 'would need about 0.6 s on all rows, of a budget of 0.5 s',
      elapsedMs: 70,
    })
  })

  // scikit-learn 1.9.1, HalvingGridSearchCV with min_resources='exhaust': n_resources_, but all rows in the last round.
  it.each([
    [{ candidates: 81, minRows: 20, maxRows: 1000, factor: 3 }, [37, 111, 333, 1000]],
    [{ candidates: 9, minRows: 20, maxRows: 1000, factor: 3 }, [111, 333, 1000]],
    [{ candidates: 2, minRows: 20, maxRows: 1000, factor: 3 }, [1000]],
  ])('has the rounds %o', (plan, rows) => {
    expect(halvingSchedule(plan)).toEqual(rows)
  })

  it('has fewer rounds, the last one with all rows, where the first would have too few', () => {
    expect(halvingSchedule({ candidates: 27, minRows: 400, maxRows: 1000, factor: 2 })).toEqual([500, 1000])
    expect(halvingSchedule({ candidates: 6, minRows: 111, maxRows: 1000, factor: 3 })).toEqual([333, 1000])
    expect(halvingSchedule({ candidates: 9, minRows: 2000, maxRows: 1000, factor: 3 })).toEqual([1000])
  })
})
