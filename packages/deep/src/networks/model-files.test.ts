import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { openBackend } from '../backend/open-backend.ts'
import { toyNetworks, toyTexts } from '../testing/toy-texts.ts'
import { predictOutputs } from '../training/predict-outputs.ts'
import { buildLayersModel } from './layers-model.ts'
import { toModelFiles } from './model-files.ts'
import { initialWeights, weightShapes } from './weights.ts'

beforeAll(async () => {
  await openBackend('wasm')
})

function load(files: ReadonlyMap<string, Uint8Array>): Promise<tf.LayersModel> {
  const model = JSON.parse(new TextDecoder().decode(files.get('model.json'))) as tf.io.ModelJSON
  const weightData = files.get('weights.bin')?.slice().buffer as ArrayBuffer
  const weightSpecs = model.weightsManifest.flatMap(({ weights }) => weights)
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology: model.modelTopology, weightSpecs, weightData }))
}

describe.each(toyNetworks)('$kind', (parameters) => {
  it('has the arrays of the Keras model, in its order', () => {
    const model = buildLayersModel(parameters, 'softmax')
    expect(weightShapes(parameters)).toEqual(model.weights.map(({ originalName, shape }) => [originalName, shape]))
    model.dispose()
  })

  it('is loaded by TensorFlow.js and then gives the same outputs', async () => {
    const { tokens } = toyTexts(7, 3)
    const network = initialWeights(parameters, 5)
    const model = await load(toModelFiles(network, 'softmax'))
    const expected = tf.tidy(() =>
      (model.predict(tf.tensor2d(tokens.ids, [tokens.rows, tokens.length], 'int32')) as tf.Tensor).arraySync(),
    )
    const logits = await predictOutputs(network, tokens)
    const probabilities = tf.tidy(() => tf.softmax(tf.tensor2d(logits, [7, 3])).arraySync())
    for (const [row, values] of probabilities.entries())
      for (const [column, value] of values.entries())
        expect(value).toBeCloseTo((expected as number[][])[row]?.[column] ?? Number.NaN, 5)
    model.dispose()
  })
})
