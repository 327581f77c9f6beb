import * as tf from '@tensorflow/tfjs'
import { forward } from '../networks/forward.ts'
import type { NetworkWeights, Weight } from '../networks/weights.ts'
import { randomStream, type Uniform } from '../random/streams.ts'
import type { TokenIds } from './token-ids.ts'
import type { Adam } from './adam.ts'
import { embedRows, multiplyByMask, TokenGradients } from './embedding-rows.ts'
import { batchTargets, lossOf } from './loss.ts'
import { tableOf, weightTensors } from './predict-outputs.ts'
import type { Targets } from './targets.ts'

export interface StepData {
  readonly tokens: TokenIds
  readonly targets: Targets
  /** One a row. */
  readonly weights: Float64Array
}

/** Which step of the run: what its random numbers follow from. */
export interface StepPosition {
  readonly seed: number
  readonly epoch: number
  readonly step: number
}

/**
 * One step of training after another: the loss and its gradients on TensorFlow.js, everything that is kept (weights,
 * embedding, optimizer) in arrays of main memory. No tensor outlives a step.
 */
export class TrainingStep {
  private readonly network: NetworkWeights
  private readonly data: StepData
  private readonly adam: Adam
  private readonly largestNorm: number
  private readonly tokenGradients: TokenGradients

  /** `largestNorm` limits the length of all gradients together (Pascanu et al. 2013); Infinity leaves them. */
  constructor(network: NetworkWeights, data: StepData, optimizer: { adam: Adam; largestNorm: number }) {
    this.network = network
    this.data = data
    this.adam = optimizer.adam
    this.largestNorm = optimizer.largestNorm
    this.tokenGradients = new TokenGradients(network.parameters)
  }

  /** Trains on the documents `rows` and returns their loss before. */
  run(rows: Int32Array, position: StepPosition): number {
    const { parameters, weights } = this.network
    const { tokens } = this.data
    const random = randomStream(position.seed, position.epoch, position.step)
    const mask = dropMask(rows.length * parameters.embedding, parameters.embeddingDropout ?? 0, random)
    const embedded = embedRows(parameters, tableOf(this.network), { tokens, rows, mask })
    const { loss, gradients } = this.differentiate(rows, embedded, random)
    const ofTokens = gradients[0] as Float32Array
    if (mask !== undefined) multiplyByMask(parameters, ofTokens, mask)
    this.tokenGradients.collect(embedded.tokens, ofTokens)
    this.limit(gradients)
    this.adam.beginStep()
    for (const [index, { values }] of weights.entries())
      if (index > 0) this.adam.update(index, values, gradients[index] as Float32Array)
    this.updateEmbedding()
    return loss
  }

  /** The loss, and its gradients by the embedded tokens and by each weight after the embedding. */
  private differentiate(
    rows: Int32Array,
    { values, shape }: { values: Float32Array; shape: [number, number, number] },
    random: Uniform,
  ): { loss: number; gradients: Float32Array[] } {
    const { parameters, weights } = this.network
    const targets = batchTargets(this.data.targets, this.data.weights, rows, parameters.outputs)
    // What a tidy returns is searched for tensors, element by element: nothing is returned.
    let loss = Number.NaN
    let gradients: Float32Array[] = []
    tf.tidy(() => {
      const tensors = weightTensors(weights)
      const names = Object.keys(tensors)
      const differentiate = tf.valueAndGrads((embedded, ...given) => {
        const named = Object.fromEntries(names.map((name, index) => [name, given[index] as tf.Tensor]))
        const drop = (features: tf.Tensor2D): tf.Tensor2D => {
          const mask = dropMask(features.size, parameters.dropout ?? 0, random)
          return mask === undefined ? features : tf.mul(features, tf.tensor2d(mask, features.shape))
        }
        return lossOf(forward(parameters, named, embedded as tf.Tensor3D, drop), targets)
      })
      const { value, grads } = differentiate([tf.tensor3d(values, shape), ...Object.values(tensors)])
      gradients = grads.map((gradient) => gradient.dataSync<'float32'>())
      loss = value.dataSync<'float32'>()[0] as number
    })
    return { loss, gradients }
  }

  private limit(gradients: readonly Float32Array[]): void {
    if (this.largestNorm === Infinity) return
    const { tokens, sums } = this.tokenGradients
    const ofTokens = sums.subarray(0, tokens.length * this.network.parameters.embedding)
    const all = [ofTokens, ...gradients.slice(1)]
    let square = 0
    for (const values of all) for (const value of values) square += value * value
    const factor = this.largestNorm / Math.sqrt(square)
    if (!(factor < 1)) return
    for (const values of all) for (let at = 0; at < values.length; at += 1) values[at] = (values[at] as number) * factor
  }

  private updateEmbedding(): void {
    const { embedding } = this.network.parameters
    const { tokens, sums } = this.tokenGradients
    const { values } = this.network.weights[0] as Weight
    for (const [slot, token] of tokens.entries())
      this.adam.update(0, values, sums, { from: token * embedding, at: slot * embedding, length: embedding })
  }
}

/** 0 for a share of the elements, for the others what keeps the mean; undefined where nothing is left out. */
function dropMask(length: number, rate: number, random: Uniform): Float32Array | undefined {
  if (rate === 0) return undefined
  const kept = 1 / (1 - rate)
  return Float32Array.from({ length }, () => (random() < rate ? 0 : kept))
}
