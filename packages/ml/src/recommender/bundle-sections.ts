import { LeastSquares } from '../linalg/least-squares.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import { bundleError, type BundleReader, type BundleWriter } from '../bundle-files.ts'
import type { NeighbourLists } from './neighbour-lists.ts'
import type { FactorModel, ModelParameters, ScorerModel } from './scorer-model.ts'

const scorerPath = 'scorer/scorer.json'

export function writeNeighbours(writer: BundleWriter, folder: string, lists: NeighbourLists): void {
  writer.array(`${folder}/starts.i32`, lists.starts)
  writer.array(`${folder}/items.i32`, lists.items)
  writer.array(`${folder}/scores.f32`, lists.scores)
}

export function readNeighbours(reader: BundleReader, folder: string, itemCount: number): NeighbourLists {
  const starts = reader.starts(`${folder}/starts.i32`, itemCount)
  const entries = starts[itemCount] as number
  return {
    starts,
    items: reader.indices(`${folder}/items.i32`, entries, itemCount),
    scores: reader.floats(`${folder}/scores.f32`, entries),
  }
}

export function writeScorer(writer: BundleWriter, model: ScorerModel): void {
  const { algorithm, parameters } = model
  switch (model.algorithm) {
    case 'popularity':
      writer.json(scorerPath, { algorithm, parameters })
      break
    case 'item-knn':
    case 'ease':
      writer.json(scorerPath, { algorithm, parameters })
      writer.array('scorer/starts.i32', model.weights.starts)
      writer.array('scorer/items.i32', model.weights.indices)
      writer.array('scorer/weights.f32', model.weights.values)
      break
    case 'ease-dense':
      writer.json(scorerPath, { algorithm, parameters })
      writer.array('scorer/weights.f32', model.weights)
      break
    case 'ials': {
      const { factors, alpha0, regularization, regularizationExponent } = model
      writer.json(scorerPath, { algorithm, parameters, factors, alpha0, regularization, regularizationExponent })
      writer.array('scorer/item-factors.f32', model.itemFactors)
      writer.array('scorer/gram.f64', model.gram)
    }
  }
}

export function readScorer(reader: BundleReader, itemCount: number): ScorerModel {
  const header = reader.record(scorerPath)
  const parameters = readParameters(header['parameters'])
  const { algorithm } = header
  switch (algorithm) {
    case 'popularity':
      return { algorithm, itemCount, parameters }
    case 'item-knn':
    case 'ease':
      return { algorithm, itemCount, parameters, weights: readWeights(reader, itemCount) }
    case 'ease-dense':
      return { algorithm, itemCount, parameters, weights: reader.floats('scorer/weights.f32', itemCount * itemCount) }
    case 'ials':
      return readFactorModel(reader, { itemCount, parameters }, header)
    default:
      throw bundleError(scorerPath, `the algorithm ${JSON.stringify(algorithm)} is not known`)
  }
}

function readWeights(reader: BundleReader, itemCount: number): CsrMatrix {
  const starts = reader.starts('scorer/starts.i32', itemCount)
  const entries = starts[itemCount] as number
  const indices = reader.indices('scorer/items.i32', entries, itemCount)
  for (let row = 0; row < itemCount; row += 1) {
    const end = starts[row + 1] as number
    for (let entry = (starts[row] as number) + 1; entry < end; entry += 1) {
      if ((indices[entry] as number) <= (indices[entry - 1] as number)) {
        throw bundleError('scorer/items.i32', `row ${row} is not in ascending order`)
      }
    }
  }
  return { rows: itemCount, columns: itemCount, starts, indices, values: reader.floats('scorer/weights.f32', entries) }
}

function readFactorModel(
  reader: BundleReader,
  common: { readonly itemCount: number; readonly parameters: ModelParameters },
  header: Readonly<Record<string, unknown>>,
): FactorModel {
  const factors = readNumber(header, 'factors')
  if (!Number.isInteger(factors) || factors < 1 || factors > 4096)
    throw bundleError(scorerPath, `factors is ${factors}`)
  const model: FactorModel = {
    algorithm: 'ials',
    ...common,
    factors,
    alpha0: readNumber(header, 'alpha0'),
    regularization: readNumber(header, 'regularization'),
    regularizationExponent: readNumber(header, 'regularizationExponent'),
    itemFactors: reader.floats('scorer/item-factors.f32', common.itemCount * factors),
    gram: reader.doubles('scorer/gram.f64', factors * factors),
  }
  checkSolvable(model)
  return model
}

/** Any history must be solvable: the part of the system that all histories share has to be positive definite by itself. */
function checkSolvable({ factors, gram, alpha0, regularization }: FactorModel): void {
  if (!(alpha0 >= 0) || !(regularization > 0)) throw bundleError(scorerPath, 'alpha0 or regularization is not positive')
  let trace = 0
  for (let row = 0; row < factors; row += 1) {
    trace += gram[row * factors + row] as number
    for (let column = 0; column < row; column += 1) {
      if (gram[row * factors + column] !== gram[column * factors + row])
        throw bundleError('scorer/gram.f64', 'is not symmetric')
    }
  }
  try {
    const system = new LeastSquares(factors)
    // The slack lets a matrix pass that is singular but for rounding, as that of fewer items than factors is.
    system.begin(gram, 1, 1e-9 * (Math.abs(trace) + 1))
    system.factor()
  } catch (cause) {
    throw bundleError('scorer/gram.f64', 'is not positive semidefinite', cause)
  }
}

function readNumber(record: Readonly<Record<string, unknown>>, field: string): number {
  const value = record[field]
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw bundleError(scorerPath, `${field} is not a finite number`)
  return value
}

function readParameters(value: unknown): ModelParameters {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bundleError(scorerPath, 'parameters is not an object')
  }
  for (const [name, parameter] of Object.entries(value)) {
    if (!['number', 'string', 'boolean'].includes(typeof parameter)) {
      throw bundleError(scorerPath, `parameters.${name} is not a number, string or boolean`)
    }
  }
  return value as ModelParameters
}
