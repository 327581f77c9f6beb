import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogRecord } from '../../event-log.ts'
import { chunkAppendedAtMs, ChunkBuilder, chunkBytesOf, chunkCount, decodeChunk, encodeHeaders } from './chunk.ts'
import { chunkKey, offsetOfChunkKey, partitionOfChunkKey } from './keys.ts'

const recordArbitrary = fc.record({
  key: fc.string({ unit: 'grapheme', minLength: 1 }),
  value: fc.option(fc.uint8Array({ maxLength: 300 })),
  headers: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { noNullPrototype: true }),
})

test('whatever goes into a chunk comes out of it, from any offset on', () => {
  fc.assert(
    fc.property(fc.array(recordArbitrary, { minLength: 1 }), fc.nat(), fc.nat(30), (records, skip, limit) => {
      const encoded = records.map(({ key, value, headers }) => ({
        key: Buffer.from(key, 'utf8'),
        value,
        headers: encodeHeaders(headers),
      }))
      const sizes = encoded.map(({ key, value, headers }) =>
        chunkBytesOf(key.length, value?.length ?? 0, headers?.length),
      )
      const builder = new ChunkBuilder(Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0)), 3)
      for (const { key, value, headers } of encoded) builder.add(key, value, headers)
      const chunk = builder.finish(1234.5)
      expect(chunkCount(chunk)).toBe(records.length)
      expect(chunkAppendedAtMs(chunk)).toBe(1234.5)

      const fromOffset = 100 + (skip % records.length)
      const found: LogRecord[] = []
      decodeChunk(chunk, { topic: 't', partition: 3, firstOffset: 100, fromOffset, limit }, found)
      const expected = records.map((record, index) => ({ ...record, offset: 100 + index })).slice(fromOffset - 100)
      expect(
        found.map(({ key, value, headers, offset }) => ({
          key,
          value: value && Uint8Array.from(value),
          headers,
          offset,
        })),
      ).toEqual(expected.slice(0, limit))
    }),
  )
})

test('a header may be called __proto__', () => {
  const headers = { ['__proto__']: 'x' }
  const encoded = encodeHeaders(headers)
  const builder = new ChunkBuilder(Buffer.alloc(chunkBytesOf(1, 0, encoded?.length)), 3)
  builder.add(Buffer.from('k'), new Uint8Array(), encoded)
  const found: LogRecord[] = []
  decodeChunk(builder.finish(1), { topic: 't', partition: 3, firstOffset: 0, fromOffset: 0, limit: 1 }, found)
  expect(Object.entries(found[0]?.headers ?? {})).toEqual([['__proto__', 'x']])
})

test('chunk keys order like their numbers, beyond 32 bits too', () => {
  const place = fc.tuple(fc.nat(65_535), fc.nat(4095), fc.nat(Number.MAX_SAFE_INTEGER))
  fc.assert(
    fc.property(place, place, (a, b) => {
      const order = a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
      expect(Math.sign(Buffer.compare(chunkKey(...a), chunkKey(...b)))).toBe(Math.sign(order))
      expect(offsetOfChunkKey(chunkKey(...a))).toBe(a[2])
      expect(partitionOfChunkKey(chunkKey(...a))).toBe(a[1])
    }),
  )
})
