import * as tf from '@tensorflow/tfjs'
import { lstmSequence } from '../operations/lstm-sequence.ts'
import type { CnnLstmParameters, NetworkParameters, Readout, TextCnnParameters } from './parameters.ts'

/** A network's tensors by the name of their array, the embedding left out. */
export type WeightTensors = Readonly<Record<string, tf.Tensor>>

/** Which axis of the embedded tokens comes first: recurrent layers read all documents step by step. */
export const isTimeMajor = (parameters: NetworkParameters): boolean =>
  parameters.kind === 'lstm' || parameters.kind === 'bilstm'

/** Makes random elements 0 while training; the identity otherwise. */
export type DropFeatures = (features: tf.Tensor2D) => tf.Tensor2D

/**
 * Logits (or predicted values), batch x outputs, of embedded tokens: length x batch x embedding where `isTimeMajor`, batch x
 * length x embedding elsewhere.
 */
export function forward(
  parameters: NetworkParameters,
  weights: WeightTensors,
  embedded: tf.Tensor3D,
  drop: DropFeatures = (features) => features,
): tf.Tensor2D {
  const features = drop(featuresOf(parameters, weights, embedded))
  return tf.matMul(features, named(weights, 'output/kernel')).add(named(weights, 'output/bias'))
}

function featuresOf(parameters: NetworkParameters, weights: WeightTensors, embedded: tf.Tensor3D): tf.Tensor2D {
  switch (parameters.kind) {
    case 'text-cnn':
      return convolvedText(parameters, weights, embedded)
    case 'lstm':
      return recall('lstm', weights, embedded, parameters.readout)
    case 'bilstm': {
      const onwards = recall('bidirectional/forward_lstm', weights, embedded, parameters.readout)
      const backwards = recall('bidirectional/backward_lstm', weights, tf.reverse(embedded, 0), parameters.readout)
      return tf.concat2d([onwards, backwards], 1)
    }
    case 'cnn-lstm':
      return recall('lstm', weights, pooledConvolution(parameters, weights, embedded), parameters.readout)
  }
}

/** Bias and rectifier after the maximum: both only grow, so the result is the same, of a hundredth of the elements. */
function convolvedText({ windows }: TextCnnParameters, weights: WeightTensors, embedded: tf.Tensor3D): tf.Tensor2D {
  const features = windows.map((window) => {
    const responses = tf.conv1d(embedded, named(weights, `conv_${window}/kernel`) as tf.Tensor3D, 1, 'valid')
    return tf.max<tf.Tensor2D>(responses, 1).add<tf.Tensor2D>(named(weights, `conv_${window}/bias`))
  })
  return tf.relu(tf.concat2d(features, 1))
}

/** Steps x batch x filters. */
function pooledConvolution({ pool }: CnnLstmParameters, weights: WeightTensors, embedded: tf.Tensor3D): tf.Tensor3D {
  const responses = tf.conv1d(embedded, named(weights, 'conv/kernel') as tf.Tensor3D, 1, 'same')
  const largest = tf
    .maxPool(responses.expandDims<tf.Tensor4D>(1), [1, pool], [1, pool], 'valid')
    .squeeze<tf.Tensor3D>([1])
  return tf.relu(largest.add<tf.Tensor3D>(named(weights, 'conv/bias'))).transpose([1, 0, 2])
}

function recall(layer: string, weights: WeightTensors, x: tf.Tensor3D, readout: Readout = 'last'): tf.Tensor2D {
  const states = lstmSequence(x, {
    kernel: named(weights, `${layer}/kernel`) as tf.Tensor2D,
    recurrent: named(weights, `${layer}/recurrent_kernel`) as tf.Tensor2D,
    bias: named(weights, `${layer}/bias`) as tf.Tensor1D,
  })
  if (readout === 'max') return tf.max(states, 0)
  const [steps, batch, units] = states.shape
  return states.slice([steps - 1, 0, 0], [1, batch, units]).reshape([batch, units])
}

function named(weights: WeightTensors, name: string): tf.Tensor {
  const tensor = weights[name]
  if (tensor === undefined) throw new Error(`the network has no array ${name}`)
  return tensor
}
