import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entityKey, parseKey, partKey, tenantKeyPrefix } from './keys.ts'

const text = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', ':', '%', '{', '}', '%3A', '%253A', '}:', '\ud800', '\udc00', '\ufffd', '王', '😀'),
)
const reference = fc.record({ tenant: text, kind: text, id: text })

describe('keys', () => {
  it('writes components as they are, percent-encoded where they would be misread', () => {
    const entity = { tenant: 'starter', kind: 'user', id: 'a:{b}%é王' }
    expect(entityKey(entity)).toBe('rpt:{starter:user:a%3A%7Bb%7D%25%C3%A9%E7%8E%8B}')
    expect(partKey({ tenant: 't', kind: 'item', id: '1' }, 'count/Product Viewed')).toBe(
      'rpt:{t:item:1}:count/Product Viewed',
    )
  })

  it('reads back what it wrote, for any text', () => {
    fc.assert(
      fc.property(reference, text, (entity, part) => {
        expect(parseKey(entityKey(entity))).toEqual({ entity })
        expect(parseKey(partKey(entity, part))).toEqual({ entity, part })
      }),
      { numRuns: 1000 },
    )
  })

  it('gives no two references the same key', () => {
    fc.assert(
      fc.property(reference, reference, text, text, (left, right, leftPart, rightPart) => {
        const same =
          left.tenant === right.tenant && left.kind === right.kind && left.id === right.id && leftPart === rightPart
        expect(partKey(left, leftPart) === partKey(right, rightPart)).toBe(same)
      }),
      { numRuns: 1000 },
    )
  })

  it('is printable ASCII with one pair of braces around the entity', () => {
    fc.assert(
      fc.property(reference, text, (entity, part) => {
        const key = partKey(entity, part)
        expect(key).toMatch(/^rpt:\{[\x20-\x7e]*\}:[\x20-\x7e]*$/)
        expect(key.match(/[{}]/g)).toEqual(['{', '}'])
        expect(key.startsWith(tenantKeyPrefix(entity.tenant))).toBe(true)
      }),
    )
  })

  it('refuses what is no key', () => {
    for (const key of ['', 'rpt:', 'rpt:{a:b}', 'rpt:{a:b:c', 'x{a:b:c}', 'rpt:{a:b:c}x', 'rpt:{a:b:c}:d:e'])
      expect(() => parseKey(key)).toThrow('key is not of the form')
  })
})
