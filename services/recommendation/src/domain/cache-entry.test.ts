import { expect, it } from 'vitest'
import { decodeCacheEntry, encodeCacheEntry } from './cache-entry.ts'

it('gives back what was put in, from any place in a larger buffer', () => {
  const entry = {
    header: {
      recommendationId: 'r',
      model: null,
      stamp: 'user:安:3',
      strategy: 'popular',
      items: ['茶'],
      versions: [2],
      untilMs: 7,
    },
    exposureFields: Buffer.from('"items":["茶"]'),
    body: '{"items":[]}',
  }
  const encoded = encodeCacheEntry(entry)
  const shifted = new Uint8Array(encoded.length + 3)
  shifted.set(encoded, 3)
  const decoded = decodeCacheEntry(shifted.subarray(3))
  expect(decoded.header).toEqual(entry.header)
  expect(Buffer.from(decoded.exposureFields).toString()).toBe('"items":["茶"]')
  expect(decoded.body).toBe('{"items":[]}')
})
