import { featureNamePattern } from '@rapport/contracts'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { readFeatureName } from './feature-name.ts'

describe('feature names', () => {
  it.each([
    ['count:24h:Product Viewed', { kind: 'count', window: '24h', event: 'Product Viewed' }],
    ['count:all:a:b', { kind: 'count', window: 'all', event: 'a:b' }],
    ['orders:30d', { kind: 'orders', window: '30d' }],
    ['revenue:7d:EUR', { kind: 'revenue', window: '7d', currency: 'EUR' }],
    ['popularity:7d', { kind: 'popularity', halfLife: '7d' }],
    ['popularity:1h:Product Added', { kind: 'popularity', halfLife: '1h', event: 'Product Added' }],
    ['trait:plan:x', { kind: 'trait', name: 'plan:x' }],
    ['recent:Product Viewed', { kind: 'recent', event: 'Product Viewed' }],
    ['lastSeen', { kind: 'lastSeen' }],
  ])('%s', (name, feature) => {
    expect(readFeatureName(name)).toEqual(feature)
  })
  it.each([
    '',
    'count',
    'count:24h',
    'count:2h:x',
    'revenue:7d:euro',
    'popularity:30d',
    'trait:',
    'lastSeen:x',
    'constructor',
  ])('refuses %j', (name) => {
    expect(readFeatureName(name)).toBeUndefined()
  })
})

test('whatever matches the published pattern is a feature, and its parts make up the name again', () => {
  fc.assert(
    fc.property(fc.stringMatching(new RegExp(featureNamePattern, 'u')), (name) => {
      const feature = readFeatureName(name)
      const parts = feature === undefined ? [] : Object.values(feature)
      expect(parts.join(':')).toBe(name)
    }),
  )
})
