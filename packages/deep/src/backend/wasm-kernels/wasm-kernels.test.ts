import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { kernelCases, largestDifference, runOn } from '../../testing/kernel-cases.ts'
import { openWasm } from '../open-wasm.ts'

beforeAll(openWasm)

describe('gradients on WebAssembly equal those of plain JavaScript', () => {
  it.each(kernelCases)('%s', async (_, compute) => {
    const before = tf.memory().numTensors
    const expected = await runOn('cpu', compute)
    expect(Math.max(...expected.map((values) => Math.max(...values.map(Math.abs))))).toBeGreaterThan(0.1)
    expect(largestDifference(await runOn('wasm', compute), expected)).toBeLessThan(1e-4)
    expect(tf.memory().numTensors).toBe(before)
  })
})
