import { createHash } from 'node:crypto'
import type { TruncatedRecord } from '@rapport/contracts'
import type { LogRecord } from '../event-log.ts'
import { MAX_KEY_BYTES } from '../record-limits.ts'

/** What is kept at least, so that whatever a topic takes from us is whole in its letter. */
const KEPT_HEADERS_BYTES = 64 * 1024
/** Of a value that is larger than any topic takes from us: enough to see what it is. */
const KEPT_VALUE_BYTES = 64 * 1024
const BASE64 = 4 / 3

export function sizesOf(record: LogRecord): TruncatedRecord {
  const value = record.value ?? new Uint8Array()
  return {
    keyBytes: record.keyBytes?.length ?? Buffer.byteLength(record.key),
    valueBytes: value.length,
    headersBytes: headersBytes(record),
    valueSha256: createHash('sha256').update(value).digest('hex'),
  }
}

/** Without writing it out: its text may be longer than a string can be. */
export const isClearlyTooLarge = ({ key, value, headers }: LogRecord, limit: number): boolean =>
  key.length + (value?.length ?? 0) * BASE64 + headersBytes({ headers }) > limit

export function cutKeyAndHeaders(record: LogRecord): LogRecord {
  const { keyBytes } = record
  return {
    ...record,
    key: cutText(record.key, MAX_KEY_BYTES),
    ...(keyBytes === undefined ? {} : { keyBytes: keyBytes.subarray(0, MAX_KEY_BYTES) }),
    ...keptHeaders(record),
  }
}

export const cutValue = (record: LogRecord): LogRecord => ({
  ...record,
  value: record.value?.subarray(0, KEPT_VALUE_BYTES) ?? null,
})

/** Of names and values; those that are no UTF-8 count as the text that stands for them. */
export const headersBytes = ({ headers }: Pick<LogRecord, 'headers'>): number =>
  Object.entries(headers).reduce((sum, header) => sum + bytesOf(header), 0)

export const mapValues = <T, R>(values: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))

const bytesOf = ([name, value]: readonly [string, string]): number => Buffer.byteLength(name) + Buffer.byteLength(value)

/** Whole headers, in their order, as far as they go. */
function keptHeaders({ headers, headerBytes }: LogRecord): Pick<LogRecord, 'headers' | 'headerBytes'> {
  let left = KEPT_HEADERS_BYTES
  const kept = Object.entries(headers).filter((header) => (left -= bytesOf(header)) >= 0)
  const names = new Set(kept.map(([name]) => name))
  const bytes = Object.entries(headerBytes ?? {}).filter(([name]) => names.has(name))
  return {
    headers: Object.fromEntries(kept),
    ...(headerBytes === undefined ? {} : { headerBytes: Object.fromEntries(bytes) }),
  }
}

/** The characters that are whole within so many bytes. */
function cutText(text: string, bytes: number): string {
  const all = Buffer.from(text.slice(0, bytes), 'utf8')
  let end = Math.min(bytes, all.length)
  while (end < all.length && ((all[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return all.toString('utf8', 0, end)
}
