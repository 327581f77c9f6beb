import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { murmur2, partitionOf, partitionOfHash } from './murmur2.ts'

// Apache Kafka, clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java, testMurmur2.
const vectors: [Uint8Array, number][] = [
  [Buffer.from('21'), -973932308],
  [Buffer.from('foobar'), -790332482],
  [Uint8Array.of(12, 42, 56, 24, 109, 111), 274204207],
  [Buffer.from('a-little-bit-long-string'), -985981536],
  [Buffer.from('a-little-bit-longer-string'), -1486304829],
  [Buffer.from('lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8'), -58897971],
  [Buffer.from('abc'), 479470107],
]

describe('murmur2', () => {
  test.each(vectors)('gives the value that Kafka expects for %o', (bytes, expected) => {
    expect(murmur2(bytes)).toBe(expected)
  })

  test('hashes a part of a buffer like the part alone', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, bytes, after) => {
        const whole = Uint8Array.of(...before, ...bytes, ...after)
        expect(murmur2(whole, before.length, before.length + bytes.length)).toBe(murmur2(bytes))
      }),
    )
  })
})

describe('partitionOf', () => {
  test('drops the sign before the modulo, as Kafka does', () => {
    expect(partitionOf('foobar', 10)).toBe((-790332482 & 0x7fffffff) % 10)
    expect(partitionOfHash(-1, 8)).toBe(7)
    expect(partitionOf('abc', 7)).toBe(479470107 % 7)
  })

  test('hashes the UTF-8 bytes and stays within the partitions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 512 }), (key, partitions) => {
        const partition = partitionOf(key, partitions)
        expect(partition).toBe(partitionOfHash(murmur2(new TextEncoder().encode(key)), partitions))
        expect(partition).toBeGreaterThanOrEqual(0)
        expect(partition).toBeLessThan(partitions)
      }),
    )
  })
})
