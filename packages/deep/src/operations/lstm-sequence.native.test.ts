import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { openBackend } from '../backend/open-backend.ts'
import { largestDifference, runOn } from '../testing/kernel-cases.ts'
import { statesAndGradients, statesAndGradientsOfLayer } from '../testing/lstm-cases.ts'
import { isNativeMissing, onNative } from '../testing/native.ts'

describe.skipIf(isNativeMissing)(onNative('on the native library'), () => {
  it('gives the states and gradients of the layer and leaves nothing behind', async () => {
    await openBackend('native')
    const expected = await runOn('tensorflow', statesAndGradientsOfLayer)
    const before = { tensors: tf.memory().numTensors, data: tf.backend().numDataIds() }
    expect(largestDifference(await runOn('tensorflow', statesAndGradients), expected)).toBeLessThan(1e-5)
    expect({ tensors: tf.memory().numTensors, data: tf.backend().numDataIds() }).toEqual(before)
  })
})
