import { beforeAll, describe, expect, it } from 'vitest'
import { openBackend } from '../backend/open-backend.ts'
import type { LstmParameters, NetworkParameters } from '../networks/parameters.ts'
import { initialWeights, type NetworkWeights, type Weight } from '../networks/weights.ts'
import { toyNetworks, toyTexts } from '../testing/toy-texts.ts'
import { Adam } from './adam.ts'
import { scoreOutputs } from './loss.ts'
import { predictOutputs } from './predict-outputs.ts'
import type { Targets } from './targets.ts'
import { TrainingStep } from './training-step.ts'

const { tokens, targets } = toyTexts(9, 1)
/** One document, so that what is left out of it has no gradient. */
const rows = Int32Array.of(0)

/** Takes the first step of training a new network. */
function stepOf(
  parameters: NetworkParameters,
  step: number,
  learnt: Targets = targets,
): { loss: number; network: NetworkWeights } {
  const network = initialWeights(parameters, 1)
  const adam = new Adam(
    network.weights.map(({ values }) => values.length),
    0.01,
  )
  const data = { tokens, targets: learnt, weights: new Float64Array(tokens.rows).fill(1) }
  const loss = new TrainingStep(network, data, { adam, largestNorm: Infinity }).run(rows, { seed: 4, epoch: 1, step })
  return { loss, network }
}

/** Whether the first step moves each feature's weights of the output layer, and each column of the embedding. */
function movedBy(parameters: NetworkParameters, step: number): { features: boolean[]; columns: boolean[] } {
  const { weights } = stepOf(parameters, step).network
  const before = initialWeights(parameters, 1).weights
  const isMoved = (index: number) => (_: unknown, at: number) =>
    weights.at(index)?.values[at] !== before.at(index)?.values[at]
  const kernel = (weights.at(-2) as Weight).values
  const features = [...kernel].map(isMoved(-2)).filter((_, at) => at % parameters.outputs === 0)
  const moved = [...(weights[0] as Weight).values].map(isMoved(0))
  const columns = Array.from({ length: parameters.embedding }, (_, column) =>
    moved.some((each, at) => each && at % parameters.embedding === column),
  )
  return { features, columns }
}

/** Of what moves in `whole`, what does not in `thinned`. */
function shareLeftOut(whole: readonly boolean[], thinned: readonly boolean[]): number {
  expect(thinned.some((each, at) => each && !whole[at])).toBe(false)
  return 1 - thinned.filter(Boolean).length / whole.filter(Boolean).length
}

const widths = { embedding: 400, filters: 100, units: 100 }
const none = { dropout: 0, embeddingDropout: 0 }

beforeAll(async () => {
  await openBackend('wasm')
})

describe.each(toyNetworks)('dropout in a step of $kind', (toy) => {
  it('leaves out the share of features and of columns of the embedding that is asked for, others in every step', () => {
    const wide = { ...toy, ...widths }
    const whole = movedBy({ ...wide, ...none }, 1)
    expect(whole.columns.filter(Boolean)).toHaveLength(widths.embedding)
    expect(whole.features.filter(Boolean).length).toBeGreaterThan(80)
    const ofFeatures = [1, 2].map((step) => movedBy({ ...wide, ...none, dropout: 0.5 }, step).features)
    for (const features of ofFeatures) expect(Math.abs(shareLeftOut(whole.features, features) - 0.5)).toBeLessThan(0.12)
    expect(ofFeatures[0]).not.toEqual(ofFeatures[1])
    const ofColumns = [1, 2].map((step) => movedBy({ ...wide, ...none, embeddingDropout: 0.2 }, step).columns)
    for (const columns of ofColumns) expect(Math.abs(shareLeftOut(whole.columns, columns) - 0.2)).toBeLessThan(0.06)
    expect(ofColumns[0]).not.toEqual(ofColumns[1])
  })

  it.each([
    ['features', { dropout: 0.5, embeddingDropout: 0 }],
    ['columns', { dropout: 0, embeddingDropout: 0.5 }],
  ])('changes the outputs of a step by the %s, and never those of a prediction', async (_, rates) => {
    const parameters = { ...toy, ...rates }
    const losses = [1, 2, 3, 4].map((step) => stepOf(parameters, step).loss)
    expect(new Set(losses).size).toBe(losses.length)
    expect([1, 2, 3, 4].map((step) => stepOf(parameters, step).loss)).toEqual(losses)

    const predicted = await predictOutputs(initialWeights(parameters, 1), tokens, { rows })
    expect(await predictOutputs(initialWeights(parameters, 1), tokens, { rows })).toEqual(predicted)
    expect(await predictOutputs(initialWeights({ ...toy, ...none }, 1), tokens, { rows })).toEqual(predicted)
    const { loss } = scoreOutputs(predicted, targets, { rows })
    for (const step of [1, 2]) expect(stepOf({ ...toy, ...none }, step).loss).toBeCloseTo(loss, 5)
  })
})

it('lets a feature that is kept count for those that are left out', async () => {
  const [, toy] = toyNetworks as readonly [NetworkParameters, LstmParameters]
  const parameters = { ...toy, ...none, units: 1, outputs: 1, dropout: 0.75 }
  const [output = 0] = await predictOutputs(initialWeights(parameters, 1), tokens, { rows })
  const zeros: Targets = { kind: 'values', values: new Float32Array(tokens.rows) }
  const losses = Array.from({ length: 20 }, (_, step) => stepOf(parameters, step, zeros).loss)
  const kept = losses.filter((loss) => loss !== 0)
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.length).toBeLessThan(losses.length)
  for (const loss of kept) expect(loss / (output / 0.25) ** 2).toBeCloseTo(1, 4)
})
