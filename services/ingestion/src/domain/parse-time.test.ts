import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correctTime } from './correct-time.ts'
import { parseTime, toInstant } from './parse-time.ts'

const textOf = (value: unknown) => parseTime(value)?.text
const years = { min: new Date('0001-01-01T00:00:00.000Z'), max: new Date('9999-12-31T23:59:59.999Z') }
const anyDate = fc.date({ ...years, noInvalidDate: true })

describe('parseTime', () => {
  it.each([
    ['2026-11-23T10:11:12.345Z', '2026-11-23T10:11:12.345Z'],
    ['2026-11-23T10:11:12Z', '2026-11-23T10:11:12.000Z'],
    ['2026-11-23t10:11:12z', '2026-11-23T10:11:12.000Z'],
    ['2026-11-23 10:11:12', '2026-11-23T10:11:12.000Z'],
    ['2026-11-23T10:11:12.345678901+02:30', '2026-11-23T07:41:12.345Z'],
    ['2026-11-23T10:11:12,5-0800', '2026-11-23T18:11:12.500Z'],
    ['2026-11-23T10:11+01', '2026-11-23T09:11:00.000Z'],
    ['2026-11-23T10:30.5', '2026-11-23T10:30:30.000Z'],
    ['2026-11-23T24:00:00Z', '2026-11-24T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['20261123T101112Z', '2026-11-23T10:11:12.000Z'],
    ['20261123', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    ['2026-11', '2026-11-01T00:00:00.000Z'],
    ['2026', '2026-01-01T00:00:00.000Z'],
    ['2026-W48-1', '2026-11-23T00:00:00.000Z'],
    ['2026W481T10', '2026-11-23T10:00:00.000Z'],
    ['2020-W53-7', '2021-01-03T00:00:00.000Z'],
    ['2026-327', '2026-11-23T00:00:00.000Z'],
    ['2024366', '2024-12-31T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    ['0001-01-01T00:00:00+23:59', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:60Z', '9999-12-31T23:59:59.999Z'],
    ['1795428672345', '2026-11-23T10:11:12.345Z'],
    [1_795_428_672_345, '2026-11-23T10:11:12.345Z'],
    [1_795_428_672, '2026-11-23T10:11:12.000Z'],
    [1_795_428_672.5, '2026-11-23T10:11:12.500Z'],
    [0, '1970-01-01T00:00:00.000Z'],
  ])('reads %s', (value, expected) => {
    expect(textOf(value)).toBe(expected)
  })

  const noTimes =
    '|now|2026-02-30|2025-02-29T00:00:00.000Z|2026-13-01|2026-00-10|2026-11-23T25:00:00Z|2026-11-23T24:00:01Z|' +
    '2026-11-23T10:60Z|2026-11-23T10:11:12+24:00|2025-W53-1|2026-W00-1|2025-366|0000-01-01|10000-01-01|12|2026-11-23T|' +
    '2026-1123|0000-12-31T23:59:59Z|2026-11-23T10:11:12.3x5Z'
  const noNumbers = [Number.NaN, Number.POSITIVE_INFINITY, 1e300, true, {}, [], 8e15]
  it.each([noTimes.split('|'), noNumbers].flat())('refuses %s', (value) => {
    expect(parseTime(value)).toBeUndefined()
  })

  it('reads what Date writes, and writes what Date writes', () => {
    fc.assert(
      fc.property(anyDate, (date) => {
        expect(parseTime(date.toISOString())).toEqual({ ms: date.getTime(), text: date.toISOString() })
        expect(toInstant(date.getTime()).text).toBe(date.toISOString())
      }),
    )
  })

  it('agrees with Date about which canonical texts are days of the calendar', () => {
    const part = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'))
    fc.assert(
      fc.property(part(14), part(34), (month, day) => {
        const text = `2023-${month}-${day}T01:02:03.004Z`
        const date = new Date(text)
        const exists = !Number.isNaN(date.getTime()) && date.toISOString() === text
        expect(parseTime(text)?.text).toBe(exists ? text : undefined)
      }),
    )
  })
})

describe('correctTime', () => {
  const received = toInstant(Date.parse('2026-03-01T12:00:00.000Z'))
  const instant = anyDate.map((date) => toInstant(date.getTime()))

  it('never leaves 1970 to the time of receipt, and keeps distances of one client', () => {
    fc.assert(
      fc.property(instant, fc.option(instant, { nil: undefined }), (original, sentAt) => {
        const { ms } = correctTime({ original, sentAt, received })
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(received.ms)
      }),
    )
  })

  it('does not depend on how wrong the client clock is', () => {
    const age = fc.integer({ min: 0, max: 1e9 })
    fc.assert(
      fc.property(age, fc.integer({ min: -1e12, max: 1e12 }), (ageMs, skewMs) => {
        const sentAt = toInstant(received.ms + skewMs)
        const original = toInstant(sentAt.ms - ageMs)
        expect(correctTime({ original, sentAt, received }).ms).toBe(received.ms - ageMs)
      }),
    )
  })

  it('without sentAt takes the time as it is, but not the future', () => {
    const original = toInstant(received.ms - 5)
    expect(correctTime({ original, sentAt: undefined, received })).toBe(original)
    expect(correctTime({ original: toInstant(received.ms + 5), sentAt: undefined, received })).toBe(received)
  })
})
