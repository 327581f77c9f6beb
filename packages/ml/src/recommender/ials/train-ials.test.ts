import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { buildCsr, type CsrMatrix } from '../../sparse/csr.ts'
import { createItemScorer } from '../scorer-model.ts'
import { estimateIalsBytes, trainIals, type IalsParameters, type IalsResult } from './train-ials.ts'

/** Users of `tastes` groups that mostly stay in their group's items. */
function groups(users: number, items: number, tastes: number): CsrMatrix {
  const random = xoroshiro128plus(7)
  const rowOf: number[] = []
  const columnOf: number[] = []
  const values: number[] = []
  for (let user = 0; user < users; user += 1) {
    for (let entry = 0; entry < 12; entry += 1) {
      const anyItem = Math.floor(uniformFloat64(random) * items)
      const stays = uniformFloat64(random) < 0.85
      rowOf.push(user)
      columnOf.push(stays ? anyItem - (anyItem % tastes) + (user % tastes) : anyItem)
      values.push(1 + (entry % 3))
    }
  }
  const columns = items + tastes
  return buildCsr({ rows: users, columns, rowOf, columnOf, values, duplicates: 'max' })
}

const parameters: IalsParameters = { factors: 6, epochs: 5, alpha0: 0.1, regularization: 0.01, seed: 3 }

/** The loss of Rendle et al. 2022, eq. 4 and 6, over every cell, written as plainly as it stands there. */
function loss(matrix: CsrMatrix, { model, userFactors }: IalsResult): number {
  const { factors, alpha0, regularization, itemFactors } = model
  const dot = (user: number, item: number): number => {
    let sum = 0
    for (let k = 0; k < factors; k += 1) sum += userFactors[user * factors + k]! * itemFactors[item * factors + k]!
    return sum
  }
  const strengths = { users: new Float64Array(matrix.rows), items: new Float64Array(matrix.columns) }
  let total = 0
  for (let user = 0; user < matrix.rows; user += 1) {
    for (let item = 0; item < matrix.columns; item += 1) total += alpha0 * dot(user, item) ** 2
    for (let entry = matrix.starts[user]!; entry < matrix.starts[user + 1]!; entry += 1) {
      const item = matrix.indices[entry]!
      total += matrix.values[entry]! * (1 - dot(user, item)) ** 2
      strengths.users[user]! += matrix.values[entry]!
      strengths.items[item]! += matrix.values[entry]!
    }
  }
  const ridge = (rows: Float32Array, strength: Float64Array, others: number): number =>
    strength.reduce((sum, own, row) => {
      const square = rows.subarray(row * factors, (row + 1) * factors).reduce((a, b) => a + b * b, 0)
      return sum + regularization * (own + alpha0 * others) * square
    }, 0)
  return total + ridge(userFactors, strengths.users, matrix.columns) + ridge(itemFactors, strengths.items, matrix.rows)
}

describe('iALS', () => {
  it('lowers its loss with every epoch and ends where no item factor can be improved', async () => {
    const matrix = groups(40, 20, 4)
    const losses: number[] = []
    for (let epochs = 1; epochs <= 5; epochs += 1)
      losses.push(loss(matrix, await trainIals(matrix, { ...parameters, epochs })))
    expect(losses).toEqual([...losses].sort((a, b) => b - a))
    expect(losses[4]).toBeLessThan(0.98 * losses[0]!)
    const result = await trainIals(matrix, parameters)
    const { itemFactors } = result.model
    const least = loss(matrix, result)
    for (const cell of [0, 17, 50, 101]) {
      for (const step of [-0.01, 0.01]) {
        const moved = itemFactors.slice()
        moved[cell]! += step
        expect(loss(matrix, { ...result, model: { ...result.model, itemFactors: moved } })).toBeGreaterThan(least)
      }
    }
  })

  it('ranks the items of a visitor’s group first, and taking the strongest reason away lowers the score', async () => {
    const matrix = groups(200, 40, 4)
    const { model } = await trainIals(matrix, parameters)
    const scorer = createItemScorer(model)
    const history = { items: Int32Array.of(1, 5, 9), weights: Float32Array.of(1, 2, 1), length: 3 }
    const scores = new Float32Array(matrix.columns)
    scorer.score(history, scores)
    const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!)
    expect(order.slice(0, 5).map((item) => item % 4)).toEqual([1, 1, 1, 1, 1])
    const recommended = order.find((item) => !history.items.includes(item))!
    const parts = new Float32Array(3)
    scorer.explain(history, recommended, parts)
    const strongest = parts.indexOf(Math.max(...parts))
    const without = {
      items: history.items.filter((_, slot) => slot !== strongest),
      weights: history.weights.filter((_, slot) => slot !== strongest),
      length: 2,
    }
    const rescored = new Float32Array(matrix.columns)
    scorer.score(without, rescored)
    expect(rescored[recommended]).toBeLessThan(scores[recommended]!)
  })

  it('makes the same model on two threads as on one', async () => {
    const matrix = groups(1500, 60, 4)
    // Enough multiplications for threads to be worth starting (24^2 * 10 for each of 50,000 entries and factors).
    const large = { ...parameters, factors: 24, epochs: 10 }
    const one = await trainIals(matrix, { ...large, threads: 1 })
    const two = await trainIals(matrix, { ...large, threads: 2 })
    expect(two.model).toEqual(one.model)
    expect(two.userFactors).toEqual(one.userFactors)
  })

  it('stops when aborted, on threads too', async () => {
    const matrix = groups(1500, 60, 4)
    const abort = new AbortController()
    const onProgress = (fraction: number): void => {
      if (fraction > 0.1) abort.abort(new Error('enough'))
    }
    const control = { signal: abort.signal, onProgress }
    await expect(trainIals(matrix, { ...parameters, factors: 24, epochs: 50, threads: 2 }, control)).rejects.toThrow(
      'enough',
    )
  })

  it('reports progress that ends at 1', async () => {
    const seen: number[] = []
    await trainIals(groups(10, 8, 2), { ...parameters, epochs: 2 }, { onProgress: (fraction) => seen.push(fraction) })
    expect(seen).toEqual([0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1])
  })

  it('names the argument it cannot use', async () => {
    const matrix = groups(10, 8, 2)
    await expect(trainIals(matrix, { ...parameters, factors: 0 })).rejects.toThrow(/factors is 0/)
    await expect(trainIals(matrix, { ...parameters, regularization: 0 })).rejects.toThrow(/regularization is 0/)
    await expect(trainIals(matrix, { ...parameters, alpha0: -1 })).rejects.toThrow(/alpha0 is -1/)
    matrix.values[3] = Number.NaN
    await expect(trainIals(matrix, parameters)).rejects.toThrow(/values\[3\] is NaN/)
  })

  it('estimates more memory for more factors', () => {
    const shape = { users: 1000, items: 1000, entries: 50_000 }
    const small = estimateIalsBytes(shape, { factors: 32, threads: 2 })
    expect(estimateIalsBytes(shape, { factors: 64, threads: 2 })).toBeGreaterThan(small)
  })
})
