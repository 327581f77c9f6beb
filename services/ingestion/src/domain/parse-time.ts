const dayMs = 86_400_000
const hourMs = 3_600_000
const minuteMs = 60_000

/** Numbers below this are seconds, as in Segment's own `new-date`: as milliseconds they would lie in 1970. */
const secondsBelow = 31_557_600_000
const earliestMs = Date.UTC(1, 0, 1) - yearsBeforeMs()
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** `Date.UTC` reads the years 0 to 99 as 1900 to 1999. */
function yearsBeforeMs(): number {
  return Date.UTC(1, 0, 1) - new Date('0001-01-01T00:00:00.000Z').getTime()
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (monthDays[month - 1] ?? 0)

const startOfYear = (year: number): number =>
  year < 100 ? new Date(0).setUTCFullYear(year, 0, 1) : Date.UTC(year, 0, 1)

function calendarDay(year: number, month: number, day: number): number | undefined {
  if (year === 0 || day < 1 || day > daysInMonth(year, month)) return undefined
  return year < 100 ? new Date(0).setUTCFullYear(year, month - 1, day) : Date.UTC(year, month - 1, day)
}

function ordinalDay(year: number, day: number): number | undefined {
  if (year === 0 || day < 1 || day > (isLeap(year) ? 366 : 365)) return undefined
  return startOfYear(year) + (day - 1) * dayMs
}

/** ISO weeks start on Monday; week 1 holds the year's first Thursday. */
function weekDay(year: number, week: number, day: number): number | undefined {
  if (year === 0 || week < 1 || week > 53 || day < 1 || day > 7) return undefined
  const fourth = startOfYear(year) + 3 * dayMs
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs
  const result = monday + ((week - 1) * 7 + day - 1) * dayMs
  const thursday = new Date(monday + ((week - 1) * 7 + 3) * dayMs)
  return thursday.getUTCFullYear() === year ? result : undefined
}

const calendarPattern = /^(\d{4})(?:(-?)(\d\d)\2(\d\d)|-(\d\d))?$/
const weekPattern = /^(\d{4})-?W(\d\d)(?:-?(\d))?$/
const ordinalPattern = /^(\d{4})-?(\d{3})$/
const timePattern = /^(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(?:[.,](\d{1,18}))?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?$/

function parseDate(text: string): number | undefined {
  const calendar = calendarPattern.exec(text)
  if (calendar !== null) {
    return calendarDay(Number(calendar[1]), Number(calendar[3] ?? calendar[5] ?? 1), Number(calendar[4] ?? 1))
  }
  const week = weekPattern.exec(text)
  if (week !== null) return weekDay(Number(week[1]), Number(week[2]), Number(week[3] ?? 1))
  const ordinal = ordinalPattern.exec(text)
  return ordinal === null ? undefined : ordinalDay(Number(ordinal[1]), Number(ordinal[2]))
}

function parseOffset(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Z' || text === 'z') return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(3).replace(':', '') || 0)
  if (hours > 23 || minutes > 59) return undefined
  return (text.startsWith('-') ? -1 : 1) * (hours * hourMs + minutes * minuteMs)
}

/** Milliseconds since midnight UTC; a leap second is the first instant of the next minute. */
function parseClock(text: string): number | undefined {
  const match = timePattern.exec(text)
  if (match === null) return undefined
  const [, hour, minute, second, fraction, offset] = match
  const hours = Number(hour)
  const minutes = Number(minute ?? 0)
  const seconds = Number(second ?? 0)
  const unitMs = second !== undefined ? 1000 : minute !== undefined ? minuteMs : hourMs
  const partMs = fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * unitMs)
  const clockMs = hours * hourMs + minutes * minuteMs + seconds * 1000 + partMs
  const offsetMs = parseOffset(offset)
  if (offsetMs === undefined || hours > 24 || minutes > 59 || seconds > 60) return undefined
  if (hours === 24 && clockMs !== dayMs) return undefined
  return clockMs - offsetMs
}

const epochPattern = /^-?\d{10}(?:\d{1,5})?$/

function parseText(text: string): number | undefined {
  if (epochPattern.test(text)) return parseNumber(Number(text))
  const split = text.search(/[Tt ]/)
  const day = parseDate(split === -1 ? text : text.slice(0, split))
  if (day === undefined || split === -1) return day
  const clock = parseClock(text.slice(split + 1))
  // An offset or a leap second may take the first and the last day over the edge of the years 1 to 9999.
  return clock === undefined ? undefined : Math.min(latestMs, Math.max(earliestMs, day + clock))
}

const parseNumber = (value: number): number => Math.trunc(Math.abs(value) < secondsBelow ? value * 1000 : value)

const digits = (text: string, at: number, count: number): number => {
  let value = 0
  for (let index = at; index < at + count; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** `2026-11-23T10:00:00.000Z`, which nearly every client sends. */
function parseCanonical(text: string): number | undefined {
  if (text.length !== 24 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':') return undefined
  if (text[16] !== ':' || text[19] !== '.' || text[23] !== 'Z') return undefined
  const day = calendarDay(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2))
  const hours = digits(text, 11, 2)
  const minutes = digits(text, 14, 2)
  const seconds = digits(text, 17, 2)
  if (day === undefined || !(hours < 24 && minutes < 60 && seconds < 60)) return undefined
  return day + hours * hourMs + minutes * minuteMs + seconds * 1000 + digits(text, 20, 3)
}

/** An instant in milliseconds since the epoch, with its text in `YYYY-MM-DDTHH:mm:ss.sssZ`. */
export interface Instant {
  readonly ms: number
  readonly text: string
}

/** Events of a batch lie in few minutes: the text of the last one is kept, which is six times as fast as a Date for each event. */
let lastMinute = Number.NaN
let minuteText = ''

/** `ms` is whole and in the years 1 to 9999. */
export function toInstant(ms: number): Instant {
  const minute = Math.floor(ms / minuteMs)
  if (minute !== lastMinute) {
    minuteText = new Date(ms).toISOString().slice(0, 17)
    lastMinute = minute
  }
  const rest = ms - minute * minuteMs
  const second = Math.floor(rest / 1000)
  const milli = rest - second * 1000
  const secondText = second < 10 ? `0${second}` : `${second}`
  const milliText = milli < 10 ? `00${milli}` : milli < 100 ? `0${milli}` : `${milli}`
  return { ms, text: `${minuteText}${secondText}.${milliText}Z` }
}

/**
 * Reads a time as clients send it: any form of ISO 8601 (calendar, week and ordinal dates, basic and extended, UTC when
 * no offset is given), or milliseconds (or seconds) since the epoch. Undefined when it is none, or not in the years 1 to 9999.
 */
export function parseTime(value: unknown): Instant | undefined {
  if (typeof value === 'string') {
    const canonical = parseCanonical(value)
    if (canonical !== undefined && Number.isFinite(canonical)) return { ms: canonical, text: value }
    return value.length > 64 ? undefined : inRange(parseText(value.trim()))
  }
  return typeof value === 'number' && Number.isFinite(value) ? inRange(parseNumber(value)) : undefined
}

const inRange = (ms: number | undefined): Instant | undefined =>
  ms === undefined || !(ms >= earliestMs && ms <= latestMs) ? undefined : toInstant(ms)
