import { fillNormal, randomStream, type Uniform } from '../random/streams.ts'
import type { NetworkParameters } from './parameters.ts'

/** One array of a network, row-major, named as Keras names it. */
export interface Weight {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** A network is its form and its weights, in the order of `weightShapes`. */
export interface NetworkWeights {
  readonly parameters: NetworkParameters
  readonly weights: readonly Weight[]
}

export const embeddingName = 'embedding/embeddings'

type Shapes = readonly (readonly [name: string, shape: readonly number[]])[]

/** Names and shapes of a network's arrays: the embedding first, the output layer last. */
export function weightShapes(parameters: NetworkParameters): Shapes {
  const { vocabulary, embedding, outputs } = parameters
  return [
    [embeddingName, [vocabulary, embedding]],
    ...layersBetween(parameters),
    ['output/kernel', [featureCount(parameters), outputs]],
    ['output/bias', [outputs]],
  ]
}

function layersBetween(parameters: NetworkParameters): Shapes {
  const { embedding } = parameters
  switch (parameters.kind) {
    case 'text-cnn':
      return parameters.windows.flatMap((window) =>
        convolution(`conv_${window}`, window, embedding, parameters.filters),
      )
    case 'lstm':
      return memory('lstm', embedding, parameters.units)
    case 'bilstm':
      return [
        ...memory('bidirectional/forward_lstm', embedding, parameters.units),
        ...memory('bidirectional/backward_lstm', embedding, parameters.units),
      ]
    case 'cnn-lstm':
      return [
        ...convolution('conv', parameters.window, embedding, parameters.filters),
        ...memory('lstm', parameters.filters, parameters.units),
      ]
  }
}

const convolution = (layer: string, window: number, inputs: number, filters: number): Shapes => [
  [`${layer}/kernel`, [window, inputs, filters]],
  [`${layer}/bias`, [filters]],
]

const memory = (layer: string, inputs: number, units: number): Shapes => [
  [`${layer}/kernel`, [inputs, 4 * units]],
  [`${layer}/recurrent_kernel`, [units, 4 * units]],
  [`${layer}/bias`, [4 * units]],
]

/** Features that the output layer reads. */
function featureCount(parameters: NetworkParameters): number {
  if (parameters.kind === 'text-cnn') return parameters.windows.length * parameters.filters
  return parameters.kind === 'bilstm' ? 2 * parameters.units : parameters.units
}

/**
 * Weights to begin from, the same for the same seed: the embedding uniform within 0.05, kernels by Glorot and Bengio 2010,
 * recurrent kernels orthogonal (Saxe et al. 2014), biases 0, of forget gates 1 (Jozefowicz et al. 2015).
 */
export function initialWeights(parameters: NetworkParameters, seed: number): NetworkWeights {
  const weights = weightShapes(parameters).map(([name, shape], index): Weight => {
    const random = randomStream(seed, index)
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
    if (name === embeddingName) fillUniform(values, 0.05, random)
    else if (name.endsWith('/recurrent_kernel')) fillOrthogonal(values, shape as [number, number], random)
    else if (name.endsWith('/kernel')) fillUniform(values, glorotLimit(shape), random)
    else if (name.endsWith('lstm/bias')) values.fill(1, values.length / 4, values.length / 2)
    return { name, shape, values }
  })
  return { parameters, weights }
}

function glorotLimit(shape: readonly number[]): number {
  const [inputs = 1, outputs = 1] = shape.slice(-2)
  const taps = shape.slice(0, -2).reduce((product, size) => product * size, 1)
  return Math.sqrt(6 / (taps * (inputs + outputs)))
}

function fillUniform(values: Float32Array, limit: number, random: Uniform): void {
  for (let index = 0; index < values.length; index += 1) values[index] = limit * (2 * random() - 1)
}

/** Rows of unit length at right angles: normal values through the modified Gram-Schmidt process, twice for precision. */
function fillOrthogonal(values: Float32Array, [rows, columns]: [number, number], random: Uniform): void {
  const matrix = new Float64Array(values.length)
  fillNormal(matrix, random)
  const rowOf = (row: number): Float64Array => matrix.subarray(row * columns, (row + 1) * columns)
  for (let row = 0; row < rows; row += 1) {
    const own = rowOf(row)
    for (let pass = 0; pass < 2; pass += 1) {
      for (let other = 0; other < row; other += 1) addScaled(own, rowOf(other), -dot(own, rowOf(other)))
    }
    const length = Math.sqrt(dot(own, own))
    for (let column = 0; column < columns; column += 1) own[column] = (own[column] as number) / length
  }
  values.set(matrix)
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0
  for (let index = 0; index < left.length; index += 1) sum += (left[index] as number) * (right[index] as number)
  return sum
}

function addScaled(target: Float64Array, source: Float64Array, scale: number): void {
  for (let index = 0; index < target.length; index += 1)
    target[index] = (target[index] as number) + scale * (source[index] as number)
}
