import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { openWasm } from '../backend/open-wasm.ts'
import { largestDifference, runOn } from '../testing/kernel-cases.ts'
import { statesAndGradients, statesAndGradientsOfLayer } from '../testing/lstm-cases.ts'

it.each(['cpu', 'wasm'])('gives the states and gradients of the layer, on %s', async (backend) => {
  await openWasm()
  const expected = await runOn('cpu', statesAndGradientsOfLayer)
  expect(expected.map(({ length }) => length)).toEqual([90, 60, 96, 144, 24])
  const before = tf.memory().numTensors
  expect(largestDifference(await runOn(backend, statesAndGradients), expected)).toBeLessThan(1e-5)
  expect(tf.memory().numTensors).toBe(before)
})
