import { createHash, randomBytes } from 'node:crypto'
import type { DeadLetterRecord } from '@rapport/contracts'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../event-log.ts'
import { MAX_KEY_BYTES, maxValueBytes } from '../record-limits.ts'
import { bytesOf, lacksContent, readDeadLetter, toDeadLetter } from './dead-letter.ts'

const topic = 'test.large.v1'
const letters = `${topic}.dlq`
const reason = { code: 'RPT_TEST_NO', message: 'no', group: 'g', failedAtMs: 0 }
const record = (changes: Partial<LogRecord>): LogRecord => ({
  topic,
  partition: 3,
  offset: 17,
  key: 'k',
  value: Buffer.from('v'),
  headers: {},
  appendedAtMs: 0,
  ...changes,
})
/** As it can be read from the topic, which takes it. */
function letterOf(changes: Partial<LogRecord>, message = 'no'): DeadLetterRecord {
  const { key, value } = toDeadLetter(letters, record(changes), { ...reason, message })
  expect(key).toBe(`${topic}/3/17`)
  expect(value?.length).toBeLessThanOrEqual(maxValueBytes(letters))
  const letter = readDeadLetter({ value })
  if (letter === undefined) throw new Error('no letter')
  expect(letter).toMatchObject({ topic, partition: 3, offset: 17, code: reason.code })
  return letter
}

describe('a letter fits, whatever the record was', () => {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

  test('a long key is cut, and the value stays whole', () => {
    const value = randomBytes(1000)
    const key = 'ö'.repeat(1_200_000)
    const letter = letterOf({ key, value })
    expect(letter.truncated).toEqual({
      keyBytes: 2_400_000,
      valueBytes: 1000,
      headersBytes: 0,
      valueSha256: sha256(value),
    })
    expect(letter.key).toBe(key.slice(0, MAX_KEY_BYTES / 2))
    expect(bytesOf(letter)).toEqual(value)
    expect(lacksContent(letter)).toBe(false)
  })

  test('of a value that is larger than a letter the beginning is kept', () => {
    const value = randomBytes(5 * 1024 * 1024)
    const letter = letterOf({ value })
    expect(letter.truncated).toMatchObject({ keyBytes: 1, valueBytes: value.length, valueSha256: sha256(value) })
    expect(bytesOf(letter)).toEqual(value.subarray(0, 64 * 1024))
    expect(lacksContent(letter)).toBe(true)
  })

  test('headers are kept as far as they go', () => {
    const headers = {
      first: 'one',
      ...Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`h${n}`, '\u0001'.repeat(1000)])),
    }
    const letter = letterOf({ headers })
    expect(letter.truncated?.headersBytes).toBeGreaterThan(400_000)
    expect(letter.headers['first']).toBe('one')
    expect(Object.keys(letter.headers).length).toBeGreaterThan(60)
    expect(lacksContent(letter)).toBe(true)
  })

  test('any record, and any reason', () => {
    const size = fc.oneof(fc.nat(100), fc.nat(3_000_000))
    const text = fc
      .tuple(fc.constantFrom('a', '\u0000', 'ö', '漢', '😀', '\ud800'), size)
      .map(([of, n]) => of.repeat(n / of.length))
    const bytes = fc.option(size.map((n) => Buffer.alloc(n, 0xff)))
    const headers = fc.dictionary(fc.string(), text, { maxKeys: 3 })
    fc.assert(
      fc.property(text, bytes, headers, text, (key, value, named, message) => {
        expect(letterOf({ key, value, headers: named, headerBytes: {} }, message).offset).toBe(17)
      }),
      { numRuns: 20 },
    )
  })

  test('what a topic takes from us is whole', () => {
    const value = randomBytes(maxValueBytes(topic))
    for (const character of ['a', '\u0000', 'ö', '漢', '\ud800']) {
      const fill = (bytes: number): string => character.repeat(bytes / Buffer.byteLength(character))
      const letter = letterOf({ key: fill(MAX_KEY_BYTES), value, headers: { header: fill(62_000) } }, fill(100_000))
      expect(letter.truncated).toBeUndefined()
      expect(value.equals(bytesOf(letter) ?? Buffer.alloc(0))).toBe(true)
    }
  })
})

test('bytes that are no text are kept beside it', () => {
  const odd = Buffer.from([0x61, 0xff, 0xfe])
  const letter = letterOf({
    key: odd.toString(),
    keyBytes: odd,
    headers: { h: odd.toString(), i: 'i' },
    headerBytes: { h: odd },
  })
  expect(letter).toMatchObject({ keyBase64: odd.toString('base64'), headersBase64: { h: odd.toString('base64') } })
  expect(letter.headers['i']).toBe('i')
  expect(letterOf({}).keyBase64).toBeUndefined()
})
