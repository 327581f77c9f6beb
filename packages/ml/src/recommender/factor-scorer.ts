import { LeastSquares } from '../linalg/least-squares.ts'
import type { History, ItemScorer } from './item-scorer.ts'
import type { FactorModel } from './scorer-model.ts'

/**
 * Scores by folding the history into the factor space (one solve with the item factors fixed), then a dot product an item.
 * Explanations are those of Hu, Koren, Volinsky 2008, §5: with the user's system `A x = sum of w_i y_i`, item `j` scores
 * `sum over i of w_i y_j^T A^-1 y_i`.
 */
export function createFactorScorer(model: FactorModel): ItemScorer {
  const user = new FoldIn(model)
  const probe = new Float64Array(user.system.order)
  return {
    itemCount: model.itemCount,
    score(history, out) {
      if (history.length === 0) {
        out.fill(0)
        return
      }
      user.fold(history)
      scoreRows(model.itemFactors, user.solution, out)
    },
    explain(history, item, out) {
      user.fold(history)
      user.solveFor(item, probe)
      for (let slot = 0; slot < history.length; slot += 1) {
        const part = dotRow(model.itemFactors, history.items[slot] as number, probe, model.factors)
        out[slot] = (history.weights[slot] as number) * part
      }
    },
  }
}

/** `lambda (strength + alpha0 * others)^nu`: Rendle et al. 2022, eq. 6, with weights in place of counts. */
export const ridgeFor = (
  model: { readonly alpha0: number; readonly regularization: number; readonly regularizationExponent: number },
  strength: number,
  others: number,
): number => model.regularization * (strength + model.alpha0 * others) ** model.regularizationExponent

/** The user's system for the newest history, kept while the same history is asked about again (one factor, many reasons). */
class FoldIn {
  readonly system: LeastSquares
  /** The user's factors. */
  readonly solution: Float64Array
  private readonly model: FactorModel
  private items = new Int32Array(64)
  private weights = new Float32Array(64)
  private length = -1

  constructor(model: FactorModel) {
    this.model = model
    this.system = new LeastSquares(model.factors)
    this.solution = new Float64Array(model.factors)
  }

  fold(history: History): void {
    if (this.isKept(history)) return
    const { model, system } = this
    let strength = 0
    for (let slot = 0; slot < history.length; slot += 1) strength += history.weights[slot] as number
    this.length = -1
    system.begin(model.gram, model.alpha0, ridgeFor(model, strength, model.itemCount))
    system.add(model.itemFactors, history, 0, history.length)
    system.factor()
    system.solve()
    this.solution.set(system.vector.subarray(0, model.factors))
    this.keep(history)
  }

  /** `out = A^-1 y_item`; uses the system's vector. */
  solveFor(item: number, out: Float64Array): void {
    const { model, system } = this
    system.vector.fill(0)
    const start = item * model.factors
    for (let factor = 0; factor < model.factors; factor += 1) {
      system.vector[factor] = model.itemFactors[start + factor] as number
    }
    system.solve()
    out.set(system.vector)
  }

  private isKept(history: History): boolean {
    if (history.length !== this.length) return false
    for (let slot = 0; slot < history.length; slot += 1) {
      if (history.items[slot] !== this.items[slot] || history.weights[slot] !== this.weights[slot]) return false
    }
    return true
  }

  private keep(history: History): void {
    if (history.length > this.items.length) {
      this.items = new Int32Array(2 * history.length)
      this.weights = new Float32Array(2 * history.length)
    }
    for (let slot = 0; slot < history.length; slot += 1) {
      this.items[slot] = history.items[slot] as number
      this.weights[slot] = history.weights[slot] as number
    }
    this.length = history.length
  }
}

/** Four items at a time: they share the loads of the user's factors. */
function scoreRows(rows: Float32Array, user: Float64Array, out: Float32Array): void {
  const factors = user.length
  const whole = out.length & ~3
  for (let item = 0; item < whole; item += 4) {
    let at0 = item * factors
    let at1 = at0 + factors
    let at2 = at1 + factors
    let at3 = at2 + factors
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let k = 0; k < factors; k += 1) {
      const value = user[k] as number
      s0 += value * (rows[at0++] as number)
      s1 += value * (rows[at1++] as number)
      s2 += value * (rows[at2++] as number)
      s3 += value * (rows[at3++] as number)
    }
    out[item] = s0
    out[item + 1] = s1
    out[item + 2] = s2
    out[item + 3] = s3
  }
  for (let item = whole; item < out.length; item += 1) out[item] = dotRow(rows, item, user, factors)
}

function dotRow(rows: Float32Array, row: number, vector: Float64Array, factors: number): number {
  const start = row * factors
  const whole = factors & ~3
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let k = 0; k < whole; k += 4) {
    const at = start + k
    s0 += (rows[at] as number) * (vector[k] as number)
    s1 += (rows[at + 1] as number) * (vector[k + 1] as number)
    s2 += (rows[at + 2] as number) * (vector[k + 2] as number)
    s3 += (rows[at + 3] as number) * (vector[k + 3] as number)
  }
  for (let k = whole; k < factors; k += 1) s0 += (rows[start + k] as number) * (vector[k] as number)
  return s0 + s1 + (s2 + s3)
}
