import { isUtf8 } from 'node:buffer'
import type { LogRecord } from '../../event-log.ts'

type RecordTexts = Pick<LogRecord, 'key' | 'keyBytes' | 'headers' | 'headerBytes'>

const REPLACEMENT = '\uFFFD'
const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/** A key and headers as the port has them. Of a header that was set several times the last counts. */
export function readTexts(key: Buffer | null, headers: readonly (readonly [string, Buffer | null])[]): RecordTexts {
  const text = key?.toString('utf8') ?? ''
  const keyBytes = key === null ? undefined : bytesBehind(text, key)
  const named = keyBytes === undefined ? { key: text } : { key: text, keyBytes }
  if (headers.length === 0) return { ...named, headers: noHeaders }
  const last = [...new Map(headers)].map(([name, bytes]) => ({ name, bytes, text: bytes?.toString('utf8') ?? '' }))
  const odd = last.flatMap(({ name, bytes, text: value }): [string, Buffer][] => {
    const found = bytes === null ? undefined : bytesBehind(value, bytes)
    return found === undefined ? [] : [[name, found]]
  })
  return {
    ...named,
    headers: Object.fromEntries(last.map(({ name, text: value }) => [name, value])),
    ...(odd.length === 0 ? {} : { headerBytes: Object.fromEntries(odd) }),
  }
}

/** The bytes of a text that is not all that they were. */
const bytesBehind = (text: string, bytes: Buffer): Buffer | undefined =>
  text.includes(REPLACEMENT) && !isUtf8(bytes) ? bytes : undefined
