import { OnlineStoreInputError } from './errors.ts'
import type { EntityRef } from './online-store.ts'

const NEEDS_ENCODING = /[^\x20-\x7e]|[%:{}]/
const KEY = /^rpt:\{([^:{}]*):([^:{}]*):([^:{}]*)\}(?::([^:{}]*))?$/

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`

/** The bytes of a code point in UTF-8; a lone surrogate gets its three bytes too (WTF-8), so that no two texts share a key. */
function bytesOf(codePoint: number): number[] {
  if (codePoint < 0x80) return [codePoint]
  const tail = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f)
  if (codePoint < 0x800) return [0xc0 | (codePoint >> 6), tail(0)]
  if (codePoint < 0x10000) return [0xe0 | (codePoint >> 12), tail(6), tail(0)]
  return [0xf0 | (codePoint >> 18), tail(12), tail(6), tail(0)]
}

export function encodeComponent(text: string): string {
  if (!NEEDS_ENCODING.test(text)) return text
  let encoded = ''
  for (const character of text) {
    encoded += NEEDS_ENCODING.test(character)
      ? bytesOf(character.codePointAt(0) ?? 0)
          .map(percent)
          .join('')
      : character
  }
  return encoded
}

function decodeComponent(encoded: string): string {
  if (!encoded.includes('%')) return encoded
  return encoded.replace(/(?:%[0-9A-F]{2})+/g, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16))
    let text = ''
    for (let at = 0; at < bytes.length;) {
      const lead = bytes[at] ?? 0
      const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
      let codePoint = length === 1 ? lead : lead & (0x7f >> length)
      for (let index = at + 1; index < at + length; index++) codePoint = (codePoint << 6) | ((bytes[index] ?? 0) & 0x3f)
      text += String.fromCodePoint(codePoint)
      at += length
    }
    return text
  })
}

/**
 * The key of an entity, `rpt:{<tenant>:<kind>:<id>}`: printable ASCII, its components percent-encoded. The braces keep
 * everything below it in one hash slot of a Redis Cluster.
 */
export function entityKey({ tenant, kind, id }: EntityRef): string {
  return `rpt:{${encodeComponent(tenant)}:${encodeComponent(kind)}:${encodeComponent(id)}}`
}

/** The key of one part of an entity, `rpt:{<tenant>:<kind>:<id>}:<part>`. */
export function partKey(entity: EntityRef, part: string): string {
  return `${entityKey(entity)}:${encodeComponent(part)}`
}

/** What every key of a tenant starts with. */
export function tenantKeyPrefix(tenant: string): string {
  return `rpt:{${encodeComponent(tenant)}:`
}

/**
 * The inverse of `entityKey` (`part` is absent) and `partKey`.
 * @throws OnlineStoreInputError when the text is no such key.
 */
export function parseKey(key: string): { readonly entity: EntityRef; readonly part?: string } {
  const match = KEY.exec(key)
  if (match === null) throw new OnlineStoreInputError('key', 'is not of the form rpt:{tenant:kind:id}:part')
  const [, tenant = '', kind = '', id = '', part] = match
  const entity = { tenant: decodeComponent(tenant), kind: decodeComponent(kind), id: decodeComponent(id) }
  return part === undefined ? { entity } : { entity, part: decodeComponent(part) }
}
