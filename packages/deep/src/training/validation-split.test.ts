import fc from 'fast-check'
import { expect, it } from 'vitest'
import { splitRows } from './validation-split.ts'

it('splits every class as near to its share as rows allow, and never takes a class whole', () => {
  const labels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(labels, fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer(), (values, fraction, seed) => {
      const labels = Int32Array.from(values)
      const { training, validation } = splitRows({ kind: 'classes', labels }, labels.length, { fraction, seed })
      expect([...training, ...validation].sort((a, b) => a - b)).toEqual(values.map((_, row) => row))
      for (const label of new Set(values)) {
        const members = values.filter((value) => value === label).length
        const taken = [...validation].filter((row) => labels[row] === label).length
        expect(taken).toBeLessThan(members)
        expect(taken).toBeLessThanOrEqual(Math.ceil(fraction * members) + 1)
      }
    }),
  )
})

it('takes the share of the rows', () => {
  const labels = Int32Array.from({ length: 100 }, (_, row) => row % 7)
  expect(splitRows({ kind: 'classes', labels }, 100, { fraction: 0.1, seed: 1 }).validation.length).toBe(10)
  const values = new Float32Array(100)
  expect(splitRows({ kind: 'values', values }, 100, { fraction: 0.25, seed: 1 }).validation.length).toBe(25)
})
