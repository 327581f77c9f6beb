import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { openBackend } from '../backend/open-backend.ts'
import { largestDifference } from '../testing/kernel-cases.ts'
import { isNativeMissing, onNative } from '../testing/native.ts'
import { toyNetworks, toyTexts } from '../testing/toy-texts.ts'
import { trainNetwork } from './train-network.ts'

describe.skipIf(isNativeMissing)(onNative('training on the native library'), () => {
  beforeAll(async () => {
    await openBackend('native')
  })

  it.each(toyNetworks)('ends with the weights of WebAssembly: $kind', async (parameters) => {
    const train = async (backend: 'native' | 'wasm') => {
      await openBackend(backend)
      const before = tf.memory().numTensors
      const counts = new Set<number>()
      const options = { epochs: 2, seed: 4, batchSize: 32, validationFraction: 0.2 }
      const hooks = { onStep: () => counts.add(tf.memory().numTensors) }
      const { network } = await trainNetwork(parameters, toyTexts(150, 1), options, hooks)
      expect([...counts]).toEqual([before])
      return network.weights.map(({ values }) => values)
    }
    const native = await train('native')
    expect(largestDifference(native, await train('wasm'))).toBeLessThan(1e-3)
    expect(await train('native')).toEqual(native)
  })
})
