import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Utf8Check } from './utf8-check.ts'

function check(bytes: Buffer, chunkBytes: number): number | undefined {
  const check = new Utf8Check()
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const found = check.push(bytes.subarray(at, at + chunkBytes))
    if (found !== undefined) return found
  }
  return check.end()
}
const chunkBytes = fc.integer({ min: 1, max: 9 })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })

describe('Utf8Check', () => {
  it('takes every text, however it is cut', () => {
    fc.assert(
      fc.property(text, chunkBytes, (text, size) => {
        expect(check(Buffer.from(text), size)).toBeUndefined()
      }),
    )
  })

  it.each([
    ['a byte of Latin-1', [0xe9, 0x20]],
    ['a byte that nothing begins with', [0xff]],
    ['a byte that goes on with nothing', [0x80]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a spelling that is too long', [0xc0, 0xaf]],
    ['a character beyond Unicode', [0xf5, 0x80, 0x80, 0x80]],
    ['the beginning of a character', [0xe6, 0xb1]],
  ])('says where %s stands', (_name, invalid) => {
    fc.assert(
      fc.property(text, chunkBytes, (text, size) => {
        const before = Buffer.from(text)
        expect(check(Buffer.concat([before, Buffer.from(invalid)]), size)).toBe(before.length)
        expect(check(Buffer.concat([before, Buffer.from(invalid), Buffer.from('a汉')]), size)).toBe(before.length)
      }),
    )
  })
})
