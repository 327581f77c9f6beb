import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { describeBackend, openBackend } from './open-backend.ts'

const absent = { importNative: () => Promise.reject(new Error('the addon can not be found\nlong advice')) }

it('says nothing of a backend before one is opened', () => {
  expect(() => describeBackend()).toThrow('openBackend was not called')
})

it('takes WebAssembly when it is demanded', async () => {
  const description = await openBackend('wasm')
  expect(description).toEqual({ name: 'wasm', version: '4.22.0', device: expect.stringMatching(/ x \d+$/) })
  expect(describeBackend()).toBe(description)
  expect(tf.getBackend()).toBe('wasm')
})

it('falls back to WebAssembly and says why', async () => {
  expect(await openBackend('auto', absent)).toMatchObject({
    name: 'wasm',
    fallbackReason: 'the native library does not work (npm run setup:tensorflow brings it): the addon can not be found',
  })
})

it.each([
  ['native', 'RPT_DEEP_BACKEND_UNAVAILABLE'],
  ['gpu', 'RPT_DEEP_GPU_UNAVAILABLE'],
] as const)('refuses anything else where %s is demanded', async (setting, code) => {
  await expect(openBackend(setting, absent)).rejects.toMatchObject({ code, cause: expect.any(Error) })
})

it('falls back where the library loads and registers nothing', async () => {
  const description = await openBackend('auto', { importNative: () => Promise.resolve({}) })
  expect(description).toMatchObject({ name: 'wasm', fallbackReason: expect.stringContaining('tensorflow') })
})
