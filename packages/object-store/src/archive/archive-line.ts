import { decodeUtf8, RapportError } from '@rapport/core'

/** One archived record. Its JSON, without `partition`, is one line of a file. */
export interface ArchiveLine {
  readonly partition: number
  readonly offset: number
  /** ISO 8601, UTC: when the log took the record. */
  readonly appendedAt: string
  readonly key: string
  /** Null for a tombstone, and for bytes that are no JSON (they are in `invalid`). */
  readonly value: unknown
  /** The value's bytes in base64 when they are no JSON. */
  readonly invalid?: string
}

/** A file of the archive is not what its name says. */
export class ArchiveError extends RapportError {
  override readonly name = 'ArchiveError'
}

/** A record as a line of an archive file, newline included. A value that is JSON stays as it was written. */
export function toArchiveLine(record: {
  readonly offset: number
  readonly appendedAtMs: number
  readonly key: string
  readonly value: Uint8Array | null
}): string {
  const head = `{"offset":${record.offset},"appendedAt":"${new Date(record.appendedAtMs).toISOString()}","key":${JSON.stringify(record.key)}`
  if (record.value === null) return `${head},"value":null}\n`
  const json = readJson(record.value)
  if (json !== undefined) return `${head},"value":${json}}\n`
  return `${head},"value":null,"invalid":"${Buffer.from(record.value).toString('base64')}"}\n`
}

/** The text of a JSON value on one line; undefined when the bytes are no JSON. */
function readJson(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return text.includes('\n') || text.includes('\r') ? JSON.stringify(value) : text
  } catch {
    return undefined
  }
}

/** @throws ArchiveError `RPT_ARCHIVE_CORRUPT` */
export function readArchiveLine(text: string, partition: number, where: string): ArchiveLine {
  const line = parse(text, where)
  if (typeof line !== 'object' || line === null) throw corrupt(where, 'a line is no JSON object')
  const { offset, appendedAt, key, value, invalid } = line as Partial<ArchiveLine>
  if (
    !Number.isSafeInteger(offset) ||
    typeof key !== 'string' ||
    typeof appendedAt !== 'string' ||
    value === undefined
  ) {
    throw corrupt(where, 'a line lacks offset, appendedAt, key or value')
  }
  const archived = { partition, offset: offset ?? 0, appendedAt, key, value }
  return typeof invalid === 'string' ? { ...archived, invalid } : archived
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw corrupt(where, 'a line is no JSON', error)
  }
}

export const corrupt = (where: string, reason: string, cause?: unknown): ArchiveError =>
  new ArchiveError('RPT_ARCHIVE_CORRUPT', `${where}: ${reason}`, { cause })
