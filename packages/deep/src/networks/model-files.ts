import { buildLayersModel, type OutputActivation } from './layers-model.ts'
import type { NetworkWeights } from './weights.ts'

/**
 * The network in TensorFlow.js's layers format: `model.json` (topology, manifest, and the parameters as
 * `userDefinedMetadata.network`) and `weights.bin` (little-endian 32-bit floats in the manifest's order).
 * `tf.loadLayersModel` reads it, and so does the forward pass of @rapport/ml, which needs no TensorFlow.js.
 */
export function toModelFiles(network: NetworkWeights, activation: OutputActivation): ReadonlyMap<string, Uint8Array> {
  const { parameters, weights } = network
  const model = buildLayersModel(parameters, activation)
  const description = {
    format: 'layers-model',
    generatedBy: 'Rapport',
    convertedBy: null,
    modelTopology: model.toJSON(null, false),
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
    ],
    userDefinedMetadata: { network: { ...parameters, activation } },
  }
  model.dispose()
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(description))],
    ['weights.bin', littleEndian(weights.map(({ values }) => values))],
  ])
}

function littleEndian(arrays: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const values of arrays) {
    for (const value of values) {
      view.setFloat32(at, value, true)
      at += 4
    }
  }
  return bytes
}
