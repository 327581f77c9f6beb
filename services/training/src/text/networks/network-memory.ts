import type { NetworkParameters } from '@rapport/deep'

/** What the native library, which is loaded by then, takes for itself. */
const libraryBytes = 300 * 1024 ** 2
/** Weights, both moments of Adam, the best epoch's weights, a checkpoint, and the files of the model. */
const copies = 7

/** Bytes that a training takes at its peak, counted from its arrays. */
export function estimateNetworkBytes(parameters: NetworkParameters, batchSize: number, rows: number): number {
  const { vocabulary, length, embedding, outputs } = parameters
  const weights = vocabulary * embedding + layerWeights(parameters)
  // Forwards and backwards, of every step: what a layer gives, and what its gates were.
  const activations = batchSize * length * (4 * embedding + 12 * widthOf(parameters)) + batchSize * outputs
  return libraryBytes + 4 * (copies * weights + 2 * activations + rows * (length + outputs))
}

function widthOf(parameters: NetworkParameters): number {
  switch (parameters.kind) {
    case 'text-cnn':
      return parameters.windows.length * parameters.filters
    case 'cnn-lstm':
      return parameters.filters + parameters.units
    case 'lstm':
      return parameters.units
    case 'bilstm':
      return 2 * parameters.units
  }
}

function layerWeights(parameters: NetworkParameters): number {
  const { embedding, outputs } = parameters
  const lstm = (inputs: number, units: number): number => 4 * units * (inputs + units + 1)
  const output = widthOf(parameters) * outputs
  switch (parameters.kind) {
    case 'text-cnn':
      return parameters.windows.reduce((sum, window) => sum + window * embedding * parameters.filters, output)
    case 'cnn-lstm':
      return output + parameters.window * embedding * parameters.filters + lstm(parameters.filters, parameters.units)
    case 'lstm':
      return output + lstm(embedding, parameters.units)
    case 'bilstm':
      return output + 2 * lstm(embedding, parameters.units)
  }
}
