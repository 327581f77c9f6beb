import { FeaturesResponseSchema } from '@rapport/contracts'
import type { FeatureEntity, FeatureValue } from '@rapport/features'
import * as fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { expect, test } from 'vitest'
import { renderFeatures } from './render-features.ts'

const schema = Compile(FeaturesResponseSchema)
const timeMs = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })
const entity: fc.Arbitrary<FeatureEntity> = fc.record({
  kind: fc.constantFrom('user', 'anonymous', 'item'),
  id: fc.string({ unit: 'grapheme', minLength: 1 }),
})
const value: fc.Arbitrary<FeatureValue> = fc.oneof(
  fc.constant({ value: null, eventMs: undefined, status: 'missing' } as const),
  fc.constant({ value: 0, eventMs: undefined, status: 'present' } as const),
  fc.record({
    value: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'grapheme' }), fc.boolean()),
    eventMs: fc.option(timeMs, { nil: undefined }),
    status: fc.constantFrom('present', 'stale'),
  }),
)
const names = ['count:7d:Product Viewed', 'revenue:all:EUR', 'trait:"quoted" \u{1F375}']

test('the text is what a serializer would make of the same values', () => {
  const rows = fc.array(fc.tuple(entity, fc.tuple(value, value, value)), { maxLength: 5 })
  fc.assert(
    fc.property(timeMs, rows, (asOfMs, given) => {
      const entities = given.map(([each]) => each)
      const values = given.map(([, each]) => each)
      const text = renderFeatures({ asOfMs, entities, names, values }).join('')
      const answer: unknown = JSON.parse(text)
      expect(schema.Check(answer)).toBe(true)
      const plain = {
        asOf: new Date(asOfMs).toISOString(),
        entities: given.map(([{ kind, id }, cells]) => ({
          kind,
          id,
          features: Object.fromEntries(
            cells.map(({ value: worth, eventMs, status }, index) => [
              names[index],
              { value: worth, eventTime: eventMs === undefined ? null : new Date(eventMs).toISOString(), status },
            ]),
          ),
        })),
      }
      expect(text).toBe(JSON.stringify(plain))
    }),
  )
})
