import { openBackend } from '@rapport/deep'
import { beforeAll, expect, it } from 'vitest'
import { largestDifference, networks, networksOfFullSize, random, trained } from './trained-and-served.ts'

beforeAll(async () => {
  await openBackend('wasm')
})

it.each(networks)('serves what was trained on WebAssembly: $kind, $readout', async (parameters) => {
  expect(await largestDifference(await trained(parameters))).toBeLessThan(1e-4)
})

it.each(networksOfFullSize)('serves as it is trained, of full size on WebAssembly: $kind', async (parameters) => {
  expect(await largestDifference(random(parameters), 12)).toBeLessThan(1e-4)
})
