import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import wabt from 'wabt'
import { denseWasm } from './dense-wasm.ts'
import { Dense } from './dense.ts'

it('is the assembled form of dense.wat', async () => {
  const text = await readFile(new URL('./dense.wat', import.meta.url), 'utf8')
  const toolkit = await wabt()
  const { buffer } = toolkit.parseWat('dense.wat', text, { simd: true }).toBinary({})
  expect(Buffer.from(buffer).toString('base64')).toBe(denseWasm)
})

it('multiplies and adds as a plain loop does, whatever the shape', () => {
  const size = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(size, size, (inputs, outputs) => {
      const weights = Float32Array.from({ length: inputs * outputs }, (_, at) => ((at * 37) % 11) - 5)
      const dense = new Dense(weights, outputs)
      dense.input.set(Float32Array.from({ length: inputs }, (_, at) => (at % 7) - 3))
      dense.output.fill(2)
      dense.addProduct()
      for (let output = 0; output < outputs; output += 1) {
        let sum = 2
        for (let input = 0; input < inputs; input += 1) sum += ((input % 7) - 3) * weights[input * outputs + output]!
        expect(dense.output[output]).toBe(sum)
      }
    }),
  )
})
