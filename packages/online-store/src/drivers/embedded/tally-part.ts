import { hashText } from '../../message-digest.ts'

/*
 * A tally is an extendible hash table: its root holds the depth (uint8) and, at depth 0, the fields themselves; deeper
 * ones keep 2^depth buckets of fields, each a record of its own, so that a change of one field rewrites one small bucket.
 * A field: length uint16, name in UTF-8, amount float64.
 */
const MAX_FIELDS_OF_BUCKET = 64
const DEPTH_STEP = 2
const MAX_DEPTH = 14
const ROOT_BYTES = 1

/** Where the buckets of one tally lie. */
export interface TallyBuckets {
  read(bucket: number): Buffer | undefined
  /** No bytes: the bucket is empty. */
  write(bucket: number, bytes: Buffer): void
}

let scratch = Buffer.allocUnsafeSlow(64 * 1024)

function reserve(used: number, more: number): void {
  if (used + more <= scratch.length) return
  const grown = Buffer.allocUnsafeSlow(2 * (used + more))
  scratch.copy(grown, 0, 0, used)
  scratch = grown
}

/** From the back: names of one kind often share their start. */
function sameBytes(left: number, right: number, length: number): boolean {
  for (let index = length - 1; index >= 0; index--) if (scratch[left + index] !== scratch[right + index]) return false
  return true
}

/** Adds one field to the `used` bytes of scratch, whose fields begin at `from`; gives the bytes used afterwards. */
function addField(from: number, used: number, field: readonly [string, number]): number {
  const [name, amount] = field
  reserve(used, 2 + name.length * 3 + 8)
  const length = scratch.write(name, used + 2, 'utf8')
  for (let at = from; at < used;) {
    const standing = scratch.readUInt16LE(at)
    const amountAt = at + 2 + standing
    if (standing === length && sameBytes(at + 2, used + 2, length)) {
      scratch.writeDoubleLE(scratch.readDoubleLE(amountAt) + amount, amountAt)
      return used
    }
    at = amountAt + 8
  }
  scratch.writeUInt16LE(length, used)
  scratch.writeDoubleLE(amount, used + 2 + length)
  return used + 2 + length + 8
}

function countFields(bytes: Buffer, from: number): number {
  let count = 0
  for (let at = from; at < bytes.length; count++) at += 2 + bytes.readUInt16LE(at) + 8
  return count
}

function addFields(bytes: Buffer | undefined, from: number, changes: Iterable<readonly [string, number]>): Buffer {
  reserve(0, (bytes?.length ?? 0) + from)
  let used = bytes?.copy(scratch, 0) ?? from
  for (const change of changes) used = addField(from, used, change)
  return Buffer.from(scratch.subarray(0, used))
}

function readFields(bytes: Buffer, from: number, fields: Map<string, number>): void {
  for (let at = from; at < bytes.length;) {
    const amountAt = at + 2 + bytes.readUInt16LE(at)
    fields.set(bytes.toString('utf8', at + 2, amountAt), bytes.readDoubleLE(amountAt))
    at = amountAt + 8
  }
}

function groupByBucket(
  changes: Iterable<readonly [string, number]>,
  depth: number,
): Map<number, (readonly [string, number])[]> {
  const mask = 2 ** depth - 1
  const groups = new Map<number, (readonly [string, number])[]>()
  for (const change of changes) {
    const bucket = hashText(change[0]) & mask
    const group = groups.get(bucket)
    if (group === undefined) groups.set(bucket, [change])
    else group.push(change)
  }
  return groups
}

/** Moves every field into four times as many buckets. */
function deepen(root: Buffer, buckets: TallyBuckets): Buffer {
  const depth = root.readUInt8(0)
  const groups = groupByBucket(decodeTally(root, buckets), depth + DEPTH_STEP)
  for (const [bucket, group] of groups) buckets.write(bucket, addFields(undefined, 0, group))
  const standing = depth === 0 ? 0 : 2 ** depth
  for (let bucket = 0; bucket < standing; bucket++) if (!groups.has(bucket)) buckets.write(bucket, Buffer.alloc(0))
  return Buffer.of(depth + DEPTH_STEP)
}

/** Adds the amounts, at most one for each field, and gives the new root. */
export function addToTally(
  root: Buffer | undefined,
  changes: ReadonlyMap<string, number>,
  buckets: TallyBuckets,
): Buffer {
  const depth = root?.readUInt8(0) ?? 0
  if (depth === 0) {
    const bytes = addFields(root ?? Buffer.of(0), ROOT_BYTES, changes)
    return countFields(bytes, ROOT_BYTES) > MAX_FIELDS_OF_BUCKET ? deepen(bytes, buckets) : bytes
  }
  let crowded = false
  for (const [bucket, group] of groupByBucket(changes, depth)) {
    const bytes = addFields(buckets.read(bucket), 0, group)
    buckets.write(bucket, bytes)
    crowded ||= depth < MAX_DEPTH && countFields(bytes, 0) > MAX_FIELDS_OF_BUCKET
  }
  const standing = root ?? Buffer.of(depth)
  return crowded ? deepen(standing, buckets) : standing
}

export function decodeTally(root: Buffer, buckets: Pick<TallyBuckets, 'read'>): Map<string, number> {
  const fields = new Map<string, number>()
  const depth = root.readUInt8(0)
  if (depth === 0) readFields(root, ROOT_BYTES, fields)
  else
    for (let bucket = 0; bucket < 2 ** depth; bucket++) {
      const bytes = buckets.read(bucket)
      if (bytes !== undefined) readFields(bytes, 0, fields)
    }
  return fields
}
