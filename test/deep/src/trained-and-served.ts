import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import {
  initialWeights,
  type NetworkParameters,
  type NetworkWeights,
  predictOutputs,
  type TokenIds,
  toModelFiles,
  trainNetwork,
} from '@rapport/deep'
import { createNetworkScorer, readNetwork } from '@rapport/ml'

const base = { vocabulary: 40, length: 12, embedding: 6, outputs: 3 }

/** A network of every kind and readout, with an even and an odd window. */
export const networks: readonly NetworkParameters[] = [
  { ...base, kind: 'text-cnn', windows: [1, 3, 4], filters: 7 },
  { ...base, kind: 'lstm', units: 9 },
  { ...base, kind: 'lstm', units: 9, readout: 'max' },
  { ...base, kind: 'bilstm', units: 5 },
  { ...base, kind: 'bilstm', units: 5, readout: 'max' },
  { ...base, kind: 'cnn-lstm', window: 4, filters: 7, pool: 3, units: 9 },
  { ...base, kind: 'cnn-lstm', window: 3, filters: 7, pool: 2, units: 9, readout: 'max' },
]

const full = { vocabulary: 2000, length: 128, embedding: 128, outputs: 3 }

/** As training jobs make them. */
export const networksOfFullSize: readonly NetworkParameters[] = [
  { ...full, kind: 'text-cnn', windows: [1, 2, 3], filters: 128 },
  { ...full, kind: 'lstm', units: 64, readout: 'max' },
  { ...full, kind: 'bilstm', units: 64, readout: 'max' },
  { ...full, kind: 'cnn-lstm', window: 3, filters: 128, pool: 4, units: 64, readout: 'max' },
]

/** Documents of lengths from none to full, every one where there are so many, padded at the left. */
function documents({ vocabulary, length }: NetworkParameters, rows: number, seed: number): TokenIds {
  const random = xoroshiro128plus(seed)
  const ids = new Int32Array(rows * length)
  for (let row = 0; row < rows; row += 1) {
    const filled = rows > length ? row % (length + 1) : Math.round((row * length) / (rows - 1))
    for (let at = length - filled; at < length; at += 1) ids[row * length + at] = uniformInt(random, 1, vocabulary - 1)
  }
  return { rows, length, ids }
}

/** Not trained; no array is 0, and the words of the embedding lie as far apart as those of a trained one. */
export function random(parameters: NetworkParameters): NetworkWeights {
  const noise = xoroshiro128plus(4)
  const { weights } = initialWeights(parameters, 5)
  return {
    parameters,
    weights: weights.map(({ name, shape, values }, index) => ({
      name,
      shape,
      values: values.map((value) => (index === 0 ? 10 * value : value + uniformInt(noise, -1000, 1000) / 10_000)),
    })),
  }
}

/** Trained until no array is as it began. */
export async function trained(parameters: NetworkParameters): Promise<NetworkWeights> {
  const tokens = documents(parameters, 80, 1)
  const labels = Int32Array.from(
    { length: tokens.rows },
    (_, row) => (tokens.ids[(row + 1) * tokens.length - 1] as number) % 3,
  )
  const options = { epochs: 4, seed: 2, batchSize: 16, learningRate: 0.02 }
  return (await trainNetwork(parameters, { tokens, targets: { kind: 'classes', labels } }, options)).network
}

/** The largest difference between the trainer's and the served outputs: logits and probabilities of new documents. */
export async function largestDifference(network: NetworkWeights, rows = 60): Promise<number> {
  const { outputs } = network.parameters
  const tokens = documents(network.parameters, rows, 3)
  const logits = await predictOutputs(network, tokens)
  const probabilities = logits.map((logit, at) => {
    const row = logits.subarray(at - (at % outputs), at - (at % outputs) + outputs)
    return Math.exp(logit) / row.reduce((sum, value) => sum + Math.exp(value), 0)
  })
  const ofLogits = differenceTo(logits, served(network, tokens, 'linear'))
  return Math.max(ofLogits, differenceTo(probabilities, served(network, tokens, 'softmax')))
}

function served(network: NetworkWeights, tokens: TokenIds, activation: 'linear' | 'softmax'): Float32Array {
  const scorer = createNetworkScorer(readNetwork(toModelFiles(network, activation)))
  const outputs = new Float32Array(tokens.rows * scorer.outputs)
  for (let row = 0; row < tokens.rows; row += 1) {
    const ids = tokens.ids.subarray(row * tokens.length, (row + 1) * tokens.length)
    scorer.score(ids, outputs.subarray(row * scorer.outputs, (row + 1) * scorer.outputs))
  }
  return outputs
}

function differenceTo(expected: Float32Array, actual: Float32Array): number {
  return expected.reduce((largest, value, at) => Math.max(largest, Math.abs(value - (actual[at] as number))), 0)
}
