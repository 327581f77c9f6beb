import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { isNativeMissing, onNative } from '../testing/native.ts'
import { openBackend } from './open-backend.ts'

describe.skipIf(isNativeMissing)(onNative('the native library'), () => {
  it('is taken where it works, and names itself', async () => {
    const description = await openBackend('native')
    expect(description).toEqual({
      name: expect.stringMatching(/^native-(cpu|gpu)$/),
      version: expect.stringMatching(/^2\./),
      device: expect.stringMatching(/ x \d+$/),
    })
    expect(tf.getBackend()).toBe('tensorflow')
    expect((await openBackend('auto')).name).toBe(description.name)
  })

  it('is not enough where a GPU is demanded and it finds none', async () => {
    const isGpu = (await openBackend('native')).name === 'native-gpu'
    const demanded = openBackend('gpu').then(
      ({ name }) => name,
      ({ code }: { code: string }) => code,
    )
    expect(await demanded).toBe(isGpu ? 'native-gpu' : 'RPT_DEEP_GPU_UNAVAILABLE')
  })
})
