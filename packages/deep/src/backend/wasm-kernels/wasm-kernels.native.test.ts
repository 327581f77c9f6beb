import { beforeAll, describe, expect, it } from 'vitest'
import { kernelCases, largestDifference, runOn } from '../../testing/kernel-cases.ts'
import { isNativeMissing, onNative } from '../../testing/native.ts'
import { openBackend } from '../open-backend.ts'
import { openWasm } from '../open-wasm.ts'

describe.skipIf(isNativeMissing)(onNative('gradients on WebAssembly equal those of the native library'), () => {
  beforeAll(async () => {
    await openBackend('native')
    await openWasm()
  })

  it.each(kernelCases)('%s', async (_, compute) => {
    const native = await runOn('tensorflow', compute)
    expect(largestDifference(await runOn('wasm', compute), native)).toBeLessThan(1e-4)
  })
})
