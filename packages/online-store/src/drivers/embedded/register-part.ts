import type { JsonValue, Member, PartValue, Register } from '../../online-store.ts'

/*
 * `keep` in the lower 31 bits of a uint32 (0: no limit) and whether any text is beyond ASCII in the highest,
 * the number of registers uint32, then the registers: lengths of name and messageId uint16, of the value uint32,
 * time float64, name, messageId, value as JSON; all text UTF-8. Fields are ordered by name, members newest first.
 */
const HEADER_BYTES = 8
const COUNT_AT = 4
const REGISTER_BYTES = 16
const KEEP = 0x7fffffff
const BEYOND_ASCII = 0x80000000

export interface RegisterChange {
  readonly op: 'latest' | 'earliest' | 'newest'
  readonly name: string
  readonly atMs: number
  readonly messageId: string
  readonly value: JsonValue
  /** How many stay; no limit when absent. */
  readonly keep?: number
}

let scratch = Buffer.allocUnsafeSlow(16 * 1024)
let scratchIsAscii = true

const nameLength = (bytes: Buffer, at: number): number => bytes.readUInt16LE(at)
const idLength = (bytes: Buffer, at: number): number => bytes.readUInt16LE(at + 2)
const valueLength = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 4)
const timeOf = (bytes: Buffer, at: number): number => bytes.readDoubleLE(at + 8)
const nameStart = (at: number): number => at + REGISTER_BYTES
const idStart = (bytes: Buffer, at: number): number => at + REGISTER_BYTES + nameLength(bytes, at)
const valueStart = (bytes: Buffer, at: number): number => idStart(bytes, at) + idLength(bytes, at)
const endOf = (bytes: Buffer, at: number): number => valueStart(bytes, at) + valueLength(bytes, at)

/** Writes the register into the scratch buffer and gives its length. */
function encode(change: RegisterChange): number {
  const value = JSON.stringify(change.value)
  const needed = REGISTER_BYTES + 3 * (change.name.length + change.messageId.length + value.length)
  if (needed > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * needed)
  const nameBytes = scratch.write(change.name, REGISTER_BYTES)
  const idBytes = scratch.write(change.messageId, REGISTER_BYTES + nameBytes)
  const valueBytes = scratch.write(value, REGISTER_BYTES + nameBytes + idBytes)
  scratchIsAscii = nameBytes + idBytes + valueBytes === change.name.length + change.messageId.length + value.length
  scratch.writeUInt16LE(nameBytes, 0)
  scratch.writeUInt16LE(idBytes, 2)
  scratch.writeUInt32LE(valueBytes, 4)
  scratch.writeDoubleLE(change.atMs, 8)
  return REGISTER_BYTES + nameBytes + idBytes + valueBytes
}

/** Order of a stretch of the scratch register against the same stretch of the one at `at`, by UTF-8 bytes. */
function compareBytes(
  bytes: Buffer,
  at: number,
  start: (bytes: Buffer, at: number) => number,
  end: typeof start,
): number {
  return scratch.compare(bytes, start(bytes, at), end(bytes, at), start(scratch, 0), end(scratch, 0))
}

const compareNames = (bytes: Buffer, at: number): number =>
  compareBytes(bytes, at, (_, from) => nameStart(from), idStart)

/** Order by (time, messageId); the value decides between two changes of one message. */
function compareAge(bytes: Buffer, at: number): number {
  const difference = timeOf(scratch, 0) - timeOf(bytes, at)
  if (difference !== 0) return difference
  return compareBytes(bytes, at, idStart, valueStart)
}

function sameName(bytes: Buffer, at: number): boolean {
  const length = nameLength(bytes, at)
  if (length !== nameLength(scratch, 0)) return false
  const start = nameStart(at)
  // from the back: names of one kind often share their start
  for (let index = length - 1; index >= 0; index--)
    if (bytes[start + index] !== scratch[REGISTER_BYTES + index]) return false
  return true
}

/** Whether the scratch register stands before the one at `at` in the part's order. */
function standsBefore(op: RegisterChange['op'], bytes: Buffer, at: number): boolean {
  if (op !== 'newest') return compareNames(bytes, at) < 0
  const age = compareAge(bytes, at)
  return age === 0 ? compareNames(bytes, at) > 0 : age > 0
}

function replaces(op: RegisterChange['op'], bytes: Buffer, at: number): boolean {
  const age = compareAge(bytes, at)
  if (age === 0) return compareBytes(bytes, at, valueStart, endOf) > 0
  return op === 'earliest' ? age < 0 : age > 0
}

/** The part without its register at `removeAt` (-1: none) and with the scratch register at `insertAt`. */
function splice(bytes: Buffer, length: number, edit: { removeAt: number; insertAt: number }): Buffer {
  const { removeAt, insertAt } = edit
  const removed = removeAt < 0 ? 0 : endOf(bytes, removeAt) - removeAt
  const result = Buffer.allocUnsafe(bytes.length + length - removed)
  let to = 0
  const keep = (from: number, until: number): void => {
    to += bytes.copy(result, to, from, until)
  }
  const insert = (): void => {
    to += scratch.copy(result, to, 0, length)
  }
  if (removeAt < 0 || insertAt <= removeAt) {
    keep(0, insertAt)
    insert()
    keep(insertAt, removeAt < 0 ? bytes.length : removeAt)
    if (removeAt >= 0) keep(removeAt + removed, bytes.length)
  } else {
    keep(0, removeAt)
    keep(removeAt + removed, insertAt)
    insert()
    keep(insertAt, bytes.length)
  }
  if (removeAt < 0) result.writeUInt32LE(bytes.readUInt32LE(COUNT_AT) + 1, COUNT_AT)
  return result
}

/** Leaves the `keep` newest members, newest fields of `latest` or oldest fields of `earliest`. */
function truncate(op: RegisterChange['op'], bytes: Buffer, keep: number): Buffer {
  if (bytes.readUInt32LE(COUNT_AT) <= keep) return bytes
  if (op !== 'newest') {
    let left = bytes
    while (left.readUInt32LE(COUNT_AT) > keep) left = withoutOutermost(op, left)
    return left
  }
  bytes.writeUInt32LE(keep, COUNT_AT)
  let at = HEADER_BYTES
  for (let kept = 0; kept < keep && at < bytes.length; kept++) at = endOf(bytes, at)
  return bytes.subarray(0, at)
}

/** The part without its oldest (`latest`) or newest (`earliest`) register by (time, messageId, name). */
function withoutOutermost(op: 'latest' | 'earliest', bytes: Buffer): Buffer {
  let outermost = HEADER_BYTES
  for (let at = endOf(bytes, outermost); at < bytes.length; at = endOf(bytes, at)) {
    const order = compareWithin(bytes, at, outermost)
    if (op === 'latest' ? order < 0 : order > 0) outermost = at
  }
  const left = Buffer.concat([bytes.subarray(0, outermost), bytes.subarray(endOf(bytes, outermost))])
  left.writeUInt32LE(bytes.readUInt32LE(COUNT_AT) - 1, COUNT_AT)
  return left
}

/** Order of two registers of one part by (time, messageId, name). */
function compareWithin(bytes: Buffer, left: number, right: number): number {
  const difference = timeOf(bytes, left) - timeOf(bytes, right)
  if (difference !== 0) return difference
  const ids = bytes.compare(
    bytes,
    idStart(bytes, right),
    valueStart(bytes, right),
    idStart(bytes, left),
    valueStart(bytes, left),
  )
  if (ids !== 0) return ids
  return bytes.compare(bytes, nameStart(right), idStart(bytes, right), nameStart(left), idStart(bytes, left))
}

/** Applies one register or member; may change `part` in place. The smallest `keep` ever given to a part counts, in any order of changes. */
export function putRegister(part: Buffer | undefined, change: RegisterChange): Buffer {
  const length = encode(change)
  const bytes = part ?? Buffer.alloc(HEADER_BYTES)
  const flags = bytes.readUInt32LE(0) & BEYOND_ASCII
  const standingKeep = bytes.readUInt32LE(0) & KEEP
  const keep = standingKeep === 0 ? (change.keep ?? 0) : Math.min(standingKeep, change.keep ?? standingKeep)
  let found = -1
  let insertAt = -1
  for (let at = HEADER_BYTES; at < bytes.length; at = endOf(bytes, at)) {
    if (found < 0 && sameName(bytes, at)) {
      if (!replaces(change.op, bytes, at)) {
        insertAt = -2
        break
      }
      found = at
    } else if (insertAt < 0 && standsBefore(change.op, bytes, at)) insertAt = at
    if (found >= 0 && insertAt >= 0) break
  }
  const next =
    insertAt === -2
      ? bytes
      : splice(bytes, length, { removeAt: found, insertAt: insertAt < 0 ? bytes.length : insertAt })
  next.writeUInt32LE((keep | flags | (scratchIsAscii ? 0 : BEYOND_ASCII)) >>> 0, 0)
  return keep === 0 ? next : truncate(change.op, next, keep)
}

interface RegisterTexts {
  readonly name: string
  readonly messageId: string
  readonly value: JsonValue
}

type ReadTexts = (bytes: Buffer, at: number) => RegisterTexts

const parseValue = (json: string): JsonValue => (json === 'null' ? null : (JSON.parse(json) as JsonValue))

const readUtf8: ReadTexts = (bytes, at) => ({
  name: bytes.toString('utf8', nameStart(at), idStart(bytes, at)),
  messageId: bytes.toString('utf8', idStart(bytes, at), valueStart(bytes, at)),
  value: parseValue(bytes.toString('utf8', valueStart(bytes, at), endOf(bytes, at))),
})

/** One conversion of the whole part and slices of it: several times faster than one conversion for each text. */
function asciiReader(part: Buffer): ReadTexts {
  const text = part.toString('latin1')
  return (bytes, at) => {
    const idAt = idStart(bytes, at)
    const valueAt = valueStart(bytes, at)
    return {
      name: text.slice(nameStart(at), idAt),
      messageId: text.slice(idAt, valueAt),
      value: parseValue(text.slice(valueAt, endOf(bytes, at))),
    }
  }
}

export function decodeRegisters(op: RegisterChange['op'], bytes: Buffer): PartValue {
  const read = (bytes.readUInt32LE(0) & BEYOND_ASCII) === 0 ? asciiReader(bytes) : readUtf8
  if (op === 'newest') {
    const members: Member[] = []
    for (let at = HEADER_BYTES; at < bytes.length; at = endOf(bytes, at)) {
      const { name, messageId, value } = read(bytes, at)
      members.push({ member: name, atMs: timeOf(bytes, at), messageId, value })
    }
    return { op, members }
  }
  const fields = new Map<string, Register>()
  for (let at = HEADER_BYTES; at < bytes.length; at = endOf(bytes, at)) {
    const { name, messageId, value } = read(bytes, at)
    fields.set(name, { atMs: timeOf(bytes, at), messageId, value })
  }
  return { op, fields }
}
