import { openBackend } from '@rapport/deep'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { largestDifference, networks, networksOfFullSize, random, trained } from './trained-and-served.ts'

const missing = inject('rapportNativeMissing')

describe.skipIf(missing !== '')(missing === '' ? 'natively' : `natively [skipped: ${missing}]`, () => {
  beforeAll(async () => {
    await openBackend('native')
  })

  it.each(networks)('serves what was trained: $kind, $readout', async (parameters) => {
    expect(await largestDifference(await trained(parameters))).toBeLessThan(1e-4)
  })

  it.each(networksOfFullSize)('serves as it is trained, of full size: $kind', async (parameters) => {
    expect(await largestDifference(random(parameters), 12)).toBeLessThan(1e-4)
  })
})
