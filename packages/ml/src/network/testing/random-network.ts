import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { arrayShapes, type NetworkForm } from '../network-model.ts'

/** The files of a network of random weights, as `@rapport/deep` writes them (the topology, which nothing here reads, left out). */
export function randomFiles(network: object, seed: number): ReadonlyMap<string, Uint8Array> {
  const shapes = arrayShapes(network as NetworkForm)
  const random = xoroshiro128plus(seed)
  const length = shapes.reduce((sum, [, shape]) => sum + shape.reduce((product, size) => product * size, 1), 0)
  const values = Float32Array.from({ length }, () => uniformFloat64(random) - 0.5)
  const weights = shapes.map(([name, shape]) => ({ name, shape, dtype: 'float32' }))
  const description = {
    weightsManifest: [{ paths: ['weights.bin'], weights }],
    userDefinedMetadata: { network },
  }
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(description))],
    ['weights.bin', new Uint8Array(values.buffer)],
  ])
}
