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

/** Members, the best first. The bytes as Latin-1 are split as one text: several times faster than a text for each. */
function decodeMembers(bytes: Buffer): Member[] {
  const text = bytes.toString('latin1')
  const toText = BEYOND_ASCII.test(text) ? fromLatin1 : asWritten
  return text
    .split('\xff')
    .slice(1)
    .map((record) => {
      const [name = '', time = '', messageId = '', value = ''] = record.split('\xfe')
      return {
        member: toText(name),
        atMs: Number(time),
        messageId: toText(messageId),
        value: parseValue(toText(value)),
      }
    })
}

function toRegisters(op: 'latest' | 'earliest', members: readonly Member[]): PartValue {
  const fields = new Map<string, Register>()
  for (const { member, atMs, messageId, value } of members) fields.set(member, { atMs, messageId, value })
  return { op, fields }
}

/** A part's value from its bytes in the state; tallies lie elsewhere. */
export function decodePart(part: string, bytes: Buffer): PartValue {
  const op = part.slice(0, part.indexOf('/'))
  if (op === 'count') return decodeCount(bytes)
  const members = decodeMembers(bytes)
  return op === 'newest' ? { op, members } : toRegisters(op === 'earliest' ? op : 'latest', members)
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
