import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextDigests } from './text-digests.ts'

describe('TextDigests', () => {
  it('knows the first row of every text, as a map does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.nat(0xffffffff)), { maxLength: 300 }), (texts) => {
        const [digests, map] = [new TextDigests(), new Map<string, object>()]
        for (const [index, [text, labels]] of texts.entries()) {
          const row = index + 1
          expect(digests.note(text, { row, labels })).toEqual(map.get(text))
          if (!map.has(text)) map.set(text, { row, labels })
        }
      }),
    )
  })

  it('keeps them while it grows', () => {
    const digests = new TextDigests()
    const count = 20_000
    for (let row = 1; row <= count; row++) digests.note(`text ${row}`, { row, labels: row * 7 })
    const found = Array.from({ length: count }, (_, at) => digests.note(`text ${at + 1}`, { row: count, labels: 0 }))
    expect(found).toEqual(found.map((_, at) => ({ row: at + 1, labels: (at + 1) * 7 })))
  })
})
