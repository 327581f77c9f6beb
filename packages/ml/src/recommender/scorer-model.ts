import type { CsrMatrix } from '../sparse/csr.ts'
import { createFactorScorer } from './factor-scorer.ts'
import type { ItemScorer } from './item-scorer.ts'
import { createDenseLinearScorer, createSparseLinearScorer } from './linear-scorer.ts'

/** What a trainer was told; kept with the model for the record. */
export type ModelParameters = Readonly<Record<string, number | string | boolean>>

/** No personal part: every score is 0, and items are ranked by the bundle's popularity. */
export interface PopularityModel {
  readonly algorithm: 'popularity'
  readonly itemCount: number
  readonly parameters: ModelParameters
}

/** Item-to-item weights, items x items, row = item of the history, columns ascending. */
export interface SparseLinearModel {
  readonly algorithm: 'item-knn' | 'ease'
  readonly itemCount: number
  readonly parameters: ModelParameters
  readonly weights: CsrMatrix
}

/** The unpruned weights of EASE: items x items, row-major, row = item of the history. */
export interface DenseLinearModel {
  readonly algorithm: 'ease-dense'
  readonly itemCount: number
  readonly parameters: ModelParameters
  readonly weights: Float32Array
}

/** Implicit least squares (iALS): scored by fold-in of the history. */
export interface FactorModel {
  readonly algorithm: 'ials'
  readonly itemCount: number
  readonly parameters: ModelParameters
  readonly factors: number
  /** Weight of every cell nobody has touched. */
  readonly alpha0: number
  readonly regularization: number
  readonly regularizationExponent: number
  /** items x factors, row-major. */
  readonly itemFactors: Float32Array
  /** `Y^T Y` of the item factors, factors x factors. */
  readonly gram: Float64Array
}

/** The plain data of a trained model: typed arrays and parameters, fit for a bundle or for another thread. */
export type ScorerModel = PopularityModel | SparseLinearModel | DenseLinearModel | FactorModel

/** The scorer of a model, with its own working memory: not re-entrant; make one for each thread. */
export function createItemScorer(model: ScorerModel): ItemScorer {
  if (model.algorithm === 'ials') return createFactorScorer(model)
  if (model.algorithm === 'ease-dense') return createDenseLinearScorer(model.weights, model.itemCount)
  if (model.algorithm !== 'popularity') return createSparseLinearScorer(model.weights)
  return {
    itemCount: model.itemCount,
    score: (_history, out) => void out.fill(0),
    explain: (history, _item, out) => void out.fill(0, 0, history.length),
  }
}
