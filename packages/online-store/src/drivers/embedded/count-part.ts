import type { Bucket, PartValue } from '../../online-store.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000
/** 26 hours of five minutes. */
const FIVE_MINUTES_KEPT = 312
/** 32 days of hours. */
const HOURS_KEPT = 768
const HEADER_BYTES = 13
const MAX_INT32 = 2 ** 31 - 1

/*
 * total float64, five-minute buckets uint16, hourly buckets uint16, width of amounts uint8 (4: int32, 8: float64),
 * then the buckets of both series, ascending: number int32, amount.
 */
const WIDTH_AT = 12

/** One of the two series inside a part's bytes. */
interface Series {
  readonly start: number
  readonly count: number
  readonly stride: number
}

const fives = (bytes: Buffer): Series => ({
  start: HEADER_BYTES,
  count: bytes.readUInt16LE(8),
  stride: 4 + bytes.readUInt8(WIDTH_AT),
})

function hours(bytes: Buffer): Series {
  const stride = 4 + bytes.readUInt8(WIDTH_AT)
  return { start: HEADER_BYTES + bytes.readUInt16LE(8) * stride, count: bytes.readUInt16LE(10), stride }
}

const readAmount = (bytes: Buffer, at: number, stride: number): number =>
  stride === 8 ? bytes.readInt32LE(at + 4) : bytes.readDoubleLE(at + 4)

function writeAmount(bytes: Buffer, at: number, amount: number, stride: number): void {
  if (stride === 8) bytes.writeInt32LE(amount, at + 4)
  else bytes.writeDoubleLE(amount, at + 4)
}

function newPart(atMs: number, amount: number): Buffer {
  const width = Math.abs(amount) > MAX_INT32 ? 8 : 4
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + 2 * (4 + width))
  bytes.writeDoubleLE(amount, 0)
  bytes.writeUInt16LE(1, 8)
  bytes.writeUInt16LE(1, 10)
  bytes.writeUInt8(width, WIDTH_AT)
  bytes.writeInt32LE(Math.floor(atMs / FIVE_MINUTES_MS), HEADER_BYTES)
  writeAmount(bytes, HEADER_BYTES, amount, 4 + width)
  bytes.writeInt32LE(Math.floor(atMs / HOUR_MS), HEADER_BYTES + 4 + width)
  writeAmount(bytes, HEADER_BYTES + 4 + width, amount, 4 + width)
  return bytes
}

/** The same part with float64 amounts. */
function widen(bytes: Buffer): Buffer {
  const buckets = bytes.readUInt16LE(8) + bytes.readUInt16LE(10)
  const wide = Buffer.allocUnsafe(HEADER_BYTES + buckets * 12)
  bytes.copy(wide, 0, 0, WIDTH_AT)
  wide.writeUInt8(8, WIDTH_AT)
  for (let index = 0; index < buckets; index++) {
    const from = HEADER_BYTES + index * 8
    const to = HEADER_BYTES + index * 12
    wide.writeInt32LE(bytes.readInt32LE(from), to)
    wide.writeDoubleLE(bytes.readInt32LE(from + 4), to + 4)
  }
  return wide
}

/** Inserts a bucket before position `at` and drops `expired` buckets from the front of the series. */
function insertBucket(
  bytes: Buffer,
  series: Series,
  bucket: { at: number; number: number; amount: number; expired: number; countAt: number },
): Buffer {
  const { start, stride } = series
  const keepFrom = start + bucket.expired * stride
  const at = Math.max(bucket.at, keepFrom)
  const grown = Buffer.allocUnsafe(bytes.length + stride - (keepFrom - start))
  bytes.copy(grown, 0, 0, start)
  bytes.copy(grown, start, keepFrom, at)
  const insertAt = start + at - keepFrom
  grown.writeInt32LE(bucket.number, insertAt)
  writeAmount(grown, insertAt, bucket.amount, stride)
  bytes.copy(grown, insertAt + stride, at)
  grown.writeUInt16LE(series.count - bucket.expired + 1, bucket.countAt)
  return grown
}

/** Adds to one bucket of a series; `undefined` when the amount no longer fits in 32 bits. */
function addToSeries(
  bytes: Buffer,
  series: Series,
  change: { number: number; amount: number; kept: number; countAt: number },
): Buffer | undefined {
  const { start, count, stride } = series
  const { number, amount } = change
  let at = start + count * stride
  const newest = bytes.readInt32LE(at - stride)
  if (number <= newest - change.kept) return bytes
  while (at > start && bytes.readInt32LE(at - stride) > number) at -= stride
  const found = at > start && bytes.readInt32LE(at - stride) === number
  const sum = found ? readAmount(bytes, at - stride, stride) + amount : amount
  if (stride === 8 && (sum > MAX_INT32 || sum < -MAX_INT32)) return undefined
  if (found) {
    writeAmount(bytes, at - stride, sum, stride)
    return bytes
  }
  let expired = 0
  if (number > newest)
    while (expired < count && bytes.readInt32LE(start + expired * stride) <= number - change.kept) expired++
  return insertBucket(bytes, series, { at, number, amount: sum, expired, countAt: change.countAt })
}

/**
 * Adds `amount` at an event time; may change `part` in place. What a part shows is a function of the set of changes: the
 * horizon follows its newest bucket, which only grows, so a bucket dropped early would have been dropped in the end.
 */
export function addToCount(part: Buffer | undefined, atMs: number, amount: number): Buffer {
  if (part === undefined) return newPart(atMs, amount)
  const five = { number: Math.floor(atMs / FIVE_MINUTES_MS), amount, kept: FIVE_MINUTES_KEPT, countAt: 8 }
  const hour = { number: Math.floor(atMs / HOUR_MS), amount, kept: HOURS_KEPT, countAt: 10 }
  let bytes = part
  let next = addToSeries(bytes, fives(bytes), five)
  if (next === undefined) {
    bytes = widen(bytes)
    next = addToSeries(bytes, fives(bytes), five) ?? bytes
  }
  bytes = next
  next = addToSeries(bytes, hours(bytes), hour)
  if (next === undefined) {
    bytes = widen(bytes)
    next = addToSeries(bytes, hours(bytes), hour) ?? bytes
  }
  next.writeDoubleLE(next.readDoubleLE(0) + amount, 0)
  return next
}

function bucketsOf(bytes: Buffer, series: Series, unitMs: number): Bucket[] {
  const buckets: Bucket[] = []
  for (let index = 0; index < series.count; index++) {
    const at = series.start + index * series.stride
    buckets.push([bytes.readInt32LE(at) * unitMs, readAmount(bytes, at, series.stride)])
  }
  return buckets
}

export function decodeCount(bytes: Buffer): PartValue {
  return {
    op: 'count',
    total: bytes.readDoubleLE(0),
    fiveMinutes: bucketsOf(bytes, fives(bytes), FIVE_MINUTES_MS),
    hours: bucketsOf(bytes, hours(bytes), HOUR_MS),
  }
}
