import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import wabt from 'wabt'
import { TileMemory } from './tile-memory.ts'
import { tilesWasm } from './tiles-wasm.ts'

it('is the assembled form of tiles.wat', async () => {
  const text = await readFile(new URL('./tiles.wat', import.meta.url), 'utf8')
  const toolkit = await wabt()
  const { buffer } = toolkit.parseWat('tiles.wat', text, { simd: true }).toBinary({})
  expect(Buffer.from(buffer).toString('base64')).toBe(tilesWasm)
})

it('multiplies tiles as a plain loop does', () => {
  const memory = new TileMemory(200)
  memory.doubles.forEach((_, index) => (memory.doubles[index] = ((index * 37) % 11) - 5))
  const expected = memory.doubles.slice()
  const [c, a, b, step] = [0, 40, 100, 9]
  for (let tile = 0; tile < 2; tile += 1) {
    for (let row = 0; row < 4; row += 1) {
      for (let column = 0; column < 4; column += 1) {
        let sum = 0
        for (let s = 0; s < 3; s += 1)
          sum += memory.doubles[a + s * 5 + row]! * memory.doubles[b + tile * 20 + s * 6 + column]!
        expected[c + row * step + 4 * tile + column]! += -2 * sum
      }
    }
  }
  const product = { depth: 3, tiles: 2, nextTile: 20, scale: -2 }
  memory.update({ start: c, step }, { start: a, step: 5 }, { start: b, step: 6 }, product)
  expect(memory.doubles).toEqual(expected)
})

it('does nothing at depth 0', () => {
  const memory = new TileMemory(64)
  const operand = { start: 0, step: 4 }
  memory.update(operand, operand, operand, { depth: 0, tiles: 1, nextTile: 4, scale: 1 })
  expect(memory.doubles.every((value) => value === 0)).toBe(true)
})

it('refuses more than a memory holds', () => {
  expect(() => new TileMemory(2 ** 30)).toThrow(/4 GiB/)
})
