import type { Bucket, JsonValue, Member, PartValue, Register } from '../../online-store.ts'

const FIVE_MINUTES_MS = 5 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000
/** Of a count, before its buckets: see apply.lua. */
const COUNT_HEADER_BYTES = 11
const BEYOND_ASCII = /[\x80-\xf7]/

function decodeCount(bytes: Buffer): PartValue {
  const width = bytes.readUInt8(0)
  const stride = 4 + width
  const split = COUNT_HEADER_BYTES + bytes.readUInt16LE(9) * stride
  const buckets = (from: number, until: number, unitMs: number): Bucket[] => {
    const found: Bucket[] = []
    for (let at = from; at < until; at += stride) {
      const amount = width === 4 ? bytes.readInt32LE(at + 4) : bytes.readDoubleLE(at + 4)
      found.push([bytes.readInt32LE(at) * unitMs, amount])
    }
    return found
  }
  return {
    op: 'count',
    total: bytes.readDoubleLE(1),
    fiveMinutes: buckets(COUNT_HEADER_BYTES, split, FIVE_MINUTES_MS),
    hours: buckets(split, bytes.length, HOUR_MS),
  }
}

const asWritten = (text: string): string => text
const fromLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8')
const parseValue = (json: string): JsonValue => (json === 'null' ? null : (JSON.parse(json) as JsonValue))

/** Records, the best first. The bytes as Latin-1 are split as one text: several times faster than a text for each. */
function decodeRecords(bytes: Buffer, take: (name: string, register: Register) => void): void {
  const text = bytes.toString('latin1')
  const toText = BEYOND_ASCII.test(text) ? fromLatin1 : asWritten
  let start = text.indexOf('\xff') + 1
  while (start > 0) {
    const nameEnd = text.indexOf('\xfe', start)
    const timeEnd = text.indexOf('\xfe', nameEnd + 1)
    const idEnd = text.indexOf('\xfe', timeEnd + 1)
    const valueEnd = text.indexOf('\xfe', idEnd + 1)
    take(toText(text.slice(start, nameEnd)), {
      atMs: Number(text.slice(nameEnd + 1, timeEnd)),
      messageId: toText(text.slice(timeEnd + 1, idEnd)),
      value: parseValue(toText(text.slice(idEnd + 1, valueEnd))),
    })
    start = text.indexOf('\xff', valueEnd + 1) + 1
  }
}

function decodeMembers(bytes: Buffer): Member[] {
  const members: Member[] = []
  decodeRecords(bytes, (member, { atMs, messageId, value }) => members.push({ member, atMs, messageId, value }))
  return members
}

function decodeRegisters(bytes: Buffer): Map<string, Register> {
  const fields = new Map<string, Register>()
  decodeRecords(bytes, (field, register) => fields.set(field, register))
  return fields
}

/** A part's value from its bytes in the state; tallies lie elsewhere. */
export function decodePart(part: string, bytes: Buffer): PartValue {
  const op = part.slice(0, part.indexOf('/'))
  if (op === 'count') return decodeCount(bytes)
  if (op === 'newest') return { op, members: decodeMembers(bytes) }
  return { op: op === 'earliest' ? op : 'latest', fields: decodeRegisters(bytes) }
}

/** The tallies of an entity from the flat reply of HGETALL. */
export function decodeTallies(reply: readonly Buffer[]): Map<string, Map<string, number>> {
  const tallies = new Map<string, Map<string, number>>()
  for (let index = 0; index + 1 < reply.length; index += 2) {
    const key = reply[index]?.toString('utf8') ?? ''
    const separator = key.indexOf('\0')
    const part = key.slice(0, separator)
    let fields = tallies.get(part)
    if (fields === undefined) tallies.set(part, (fields = new Map()))
    fields.set(key.slice(separator + 1), Number(reply[index + 1]?.toString('latin1')))
  }
  return tallies
}
