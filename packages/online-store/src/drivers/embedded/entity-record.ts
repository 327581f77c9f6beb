import type { PartValue } from '../../online-store.ts'

export type Op = PartValue['op']
const ops: readonly Op[] = ['count', 'latest', 'earliest', 'newest', 'tally']
const EXTERNAL = 0x80
const FORMAT = 1

/** One part in memory. */
export interface PartCell {
  readonly name: string
  readonly op: Op
  /** Absent while an external part has not been loaded, and before the first change. */
  bytes: Buffer | undefined
  /** Kept as a record of its own. */
  external: boolean
  changed: boolean
  /** Changes of a tally that wait to be written in one go. */
  tally?: Map<string, number>
}

/** What stands at an entity's record: everything that one read and one write move together. */
export interface EntityRecord {
  sequence: number
  /** Of all entries seen; minus infinity before the first. */
  newestReceivedAtMs: number
  /** Hours of `receivedAt` that have records of messages. */
  digestHours: number[]
  /** See `seen-messages.ts`. */
  inlineMessages: Buffer
  /** Highest applied offset by source (a number for topic and partition). */
  readonly marks: Map<number, number>
  readonly parts: Map<string, PartCell>
}

export const newRecord = (): EntityRecord => ({
  sequence: 0,
  newestReceivedAtMs: Number.NEGATIVE_INFINITY,
  digestHours: [],
  inlineMessages: Buffer.alloc(0),
  marks: new Map(),
  parts: new Map(),
})

/*
 * format uint8, sequence float64, newest receivedAt float64, counts of hours, marks and parts uint16,
 * bytes of messages uint16, hours int32 each, marks (source uint32, offset float64) each, messages, then the parts: length of name uint16, op uint8 (with a bit for external),
 * length of bytes uint32, name, bytes.
 */
const FIXED_BYTES = 25

/** The parts' bytes are views of `bytes`. */
export function decodeRecord(bytes: Buffer): EntityRecord {
  checkFormat(bytes)
  const hourCount = bytes.readUInt16LE(17)
  const markCount = bytes.readUInt16LE(19)
  const partCount = bytes.readUInt16LE(21)
  const digestHours: number[] = []
  let at = FIXED_BYTES
  for (let index = 0; index < hourCount; index++, at += 4) digestHours.push(bytes.readInt32LE(at))
  const marks = new Map<number, number>()
  for (let index = 0; index < markCount; index++, at += 12)
    marks.set(bytes.readUInt32LE(at), bytes.readDoubleLE(at + 4))
  const inlineMessages = bytes.subarray(at, at + bytes.readUInt16LE(23))
  at += inlineMessages.length
  const parts = new Map<string, PartCell>()
  for (let index = 0; index < partCount; index++) {
    const cell = decodePart(bytes, at)
    parts.set(cell.name, cell)
    at = endOfPart(bytes, at)
  }
  const sequence = sequenceOf(bytes)
  const newestReceivedAtMs = bytes.readDoubleLE(9)
  return { sequence, newestReceivedAtMs, digestHours, inlineMessages, marks, parts }
}

function checkFormat(bytes: Buffer): void {
  if (bytes[0] !== FORMAT) throw new Error(`entity record of unknown format ${bytes[0]}`)
}

const endOfPart = (bytes: Buffer, at: number): number => at + 7 + bytes.readUInt16LE(at) + bytes.readUInt32LE(at + 3)

function decodePart(bytes: Buffer, at: number): PartCell {
  const nameEnd = at + 7 + bytes.readUInt16LE(at)
  const flags = bytes.readUInt8(at + 2)
  const external = (flags & EXTERNAL) !== 0
  return {
    name: bytes.toString('utf8', at + 7, nameEnd),
    op: ops[flags & 0x7f] ?? 'count',
    external,
    changed: false,
    bytes: external ? undefined : bytes.subarray(nameEnd, endOfPart(bytes, at)),
  }
}

export const sequenceOf = (bytes: Buffer): number => bytes.readDoubleLE(1)

/**
 * The wanted parts of a record by name, those that it has. Every text and view costs more than the rest of the reading,
 * and readers want few parts or none: a part is looked at when a wanted name is as long as its own.
 */
export function decodeParts(bytes: Buffer, wanted: readonly string[]): Map<string, PartCell> {
  checkFormat(bytes)
  const cells = new Map<string, PartCell>()
  const lengths = new Set(wanted.map((name) => Buffer.byteLength(name)))
  const partCount = bytes.readUInt16LE(21)
  let at = FIXED_BYTES + bytes.readUInt16LE(17) * 4 + bytes.readUInt16LE(19) * 12 + bytes.readUInt16LE(23)
  for (let index = 0; index < partCount; index++) {
    if (lengths.has(bytes.readUInt16LE(at))) {
      const cell = decodePart(bytes, at)
      if (wanted.includes(cell.name)) cells.set(cell.name, cell)
    }
    at = endOfPart(bytes, at)
  }
  return cells
}

let scratch = Buffer.allocUnsafeSlow(64 * 1024)

/** Valid until the next call. */
export function encodeRecord(record: EntityRecord): Buffer {
  let needed = FIXED_BYTES + record.digestHours.length * 4 + record.marks.size * 12
  needed += record.inlineMessages.length
  for (const part of record.parts.values())
    needed += 7 + part.name.length * 3 + (part.external ? 0 : (part.bytes?.length ?? 0))
  if (needed > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * needed)
  scratch[0] = FORMAT
  scratch.writeDoubleLE(record.sequence, 1)
  scratch.writeDoubleLE(record.newestReceivedAtMs, 9)
  scratch.writeUInt16LE(record.digestHours.length, 17)
  scratch.writeUInt16LE(record.marks.size, 19)
  scratch.writeUInt16LE(record.parts.size, 21)
  scratch.writeUInt16LE(record.inlineMessages.length, 23)
  let at = FIXED_BYTES
  for (const hour of record.digestHours) at = scratch.writeInt32LE(hour, at)
  for (const [source, offset] of record.marks) at = scratch.writeDoubleLE(offset, scratch.writeUInt32LE(source, at))
  at += record.inlineMessages.copy(scratch, at)
  for (const part of record.parts.values()) at = encodePart(part, at)
  return scratch.subarray(0, at)
}

function encodePart(part: PartCell, at: number): number {
  const nameBytes = scratch.write(part.name, at + 7, 'utf8')
  const bytes = part.external ? undefined : part.bytes
  scratch.writeUInt16LE(nameBytes, at)
  scratch[at + 2] = ops.indexOf(part.op) | (part.external ? EXTERNAL : 0)
  scratch.writeUInt32LE(bytes?.length ?? 0, at + 3)
  const end = at + 7 + nameBytes
  return end + (bytes?.copy(scratch, end) ?? 0)
}

const MAX_RECORD_PARTS_BYTES = 3072

/** Moves the largest parts out of a record that has grown too large to be rewritten with every change. */
export function spillLargeParts(record: EntityRecord): void {
  let inline = 0
  for (const part of record.parts.values()) if (!part.external) inline += part.bytes?.length ?? 0
  while (inline > MAX_RECORD_PARTS_BYTES) {
    let largest: PartCell | undefined
    for (const part of record.parts.values())
      if (!part.external && (part.bytes?.length ?? 0) > (largest?.bytes?.length ?? 0)) largest = part
    if (largest === undefined) return
    largest.external = true
    largest.changed = true
    inline -= largest.bytes?.length ?? 0
  }
}
