import * as tf from '@tensorflow/tfjs'
import type { CnnLstmParameters, LstmParameters, NetworkParameters, TextCnnParameters } from './parameters.ts'

/** What is done to the last layer's sums: classes want probabilities, values nothing. */
export type OutputActivation = 'softmax' | 'linear'

/** The network as a Keras model, its weights zeros: what a saved model is described and read by. */
export function buildLayersModel(parameters: NetworkParameters, activation: OutputActivation): tf.LayersModel {
  const { vocabulary, length, embedding, outputs, dropout = 0, embeddingDropout = 0 } = parameters
  const input = tf.input({ shape: [length], dtype: 'int32', name: 'ids' })
  const embedded = tf.layers
    .embedding({ inputDim: vocabulary, outputDim: embedding, embeddingsInitializer: 'zeros', name: 'embedding' })
    .apply(input) as tf.SymbolicTensor
  const thinned = tf.layers
    .spatialDropout1d({ rate: embeddingDropout, name: 'embedding_dropout' })
    .apply(embedded) as tf.SymbolicTensor
  const features = featureLayers(parameters, thinned)
  const dropped = tf.layers.dropout({ rate: dropout, name: 'dropout' }).apply(features) as tf.SymbolicTensor
  const output = tf.layers.dense({ units: outputs, activation, ...zeroKernel, name: 'output' }).apply(dropped)
  return tf.model({ inputs: input, outputs: output as tf.SymbolicTensor, name: parameters.kind.replace('-', '_') })
}

const zeroKernel = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const

function featureLayers(parameters: NetworkParameters, x: tf.SymbolicTensor): tf.SymbolicTensor {
  switch (parameters.kind) {
    case 'text-cnn':
      return textConvolutions(parameters, x)
    case 'lstm':
    case 'bilstm':
    case 'cnn-lstm':
      return recurrentLayers(parameters, x)
  }
}

function textConvolutions({ windows, filters }: TextCnnParameters, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const branches = windows.map((kernelSize) => {
    const responses = tf.layers
      .conv1d({ filters, kernelSize, padding: 'valid', activation: 'relu', ...zeroKernel, name: `conv_${kernelSize}` })
      .apply(x) as tf.SymbolicTensor
    return tf.layers.globalMaxPooling1d({ name: `max_${kernelSize}` }).apply(responses) as tf.SymbolicTensor
  })
  if (branches.length === 1) return branches[0] as tf.SymbolicTensor
  return tf.layers.concatenate({ name: 'features' }).apply(branches) as tf.SymbolicTensor
}

function recurrentLayers(parameters: LstmParameters | CnnLstmParameters, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const isMax = parameters.readout === 'max'
  const lstm = tf.layers.lstm({
    units: parameters.units,
    recurrentActivation: 'sigmoid',
    returnSequences: isMax,
    recurrentInitializer: 'zeros',
    unitForgetBias: false,
    ...zeroKernel,
    name: 'lstm',
  })
  const input = parameters.kind === 'cnn-lstm' ? pooledConvolution(parameters, x) : x
  const layer =
    parameters.kind === 'bilstm'
      ? tf.layers.bidirectional({ layer: lstm, mergeMode: 'concat', name: 'bidirectional' })
      : lstm
  const states = layer.apply(input) as tf.SymbolicTensor
  return isMax ? (tf.layers.globalMaxPooling1d({ name: 'max' }).apply(states) as tf.SymbolicTensor) : states
}

function pooledConvolution({ filters, window, pool }: CnnLstmParameters, x: tf.SymbolicTensor): tf.SymbolicTensor {
  const responses = tf.layers
    .conv1d({ filters, kernelSize: window, padding: 'same', activation: 'relu', ...zeroKernel, name: 'conv' })
    .apply(x)
  return tf.layers
    .maxPooling1d({ poolSize: pool, strides: pool, padding: 'valid', name: 'pool' })
    .apply(responses) as tf.SymbolicTensor
}
