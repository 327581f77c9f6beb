import type { Bucket, Change, Entry, Member, PartValue, Register } from '../online-store.ts'
import { HOUR_MS, MINUTE_MS } from './harness.ts'

/** The port's definition of a part, computed from the whole set of changes at once: what every driver must agree with. */
export function expectedPart(entries: readonly Entry[], part: string): PartValue | undefined {
  const changes = entries.flatMap(({ messageId, changes }) =>
    changes.filter((change) => change.part === part).map((change) => Object.assign({ messageId }, change)),
  )
  const op = changes[0]?.op
  if (op === undefined) return undefined
  if (op === 'count') return expectedCount(changes.filter((change) => change.op === 'count'))
  if (op === 'newest') return expectedNewest(changes.filter((change) => change.op === 'newest'))
  if (op === 'tally') return expectedTally(changes.filter((change) => change.op === 'tally'))
  return expectedRegisters(
    op,
    changes.filter((change) => change.op === 'latest' || change.op === 'earliest'),
  )
}

function expectedTally(changes: readonly With<'tally'>[]): PartValue {
  const fields = new Map<string, number>()
  for (const { field, amount } of changes) fields.set(field, (fields.get(field) ?? 0) + amount)
  return { op: 'tally', fields }
}

function expectedRegisters(op: 'latest' | 'earliest', changes: readonly With<'latest' | 'earliest'>[]): PartValue {
  const fields = new Map<string, Register>()
  for (const { field, atMs, messageId, value } of changes) {
    const register = { atMs, messageId, value }
    const standing = fields.get(field)
    if (standing === undefined || wins(op, register, standing)) fields.set(field, register)
  }
  const keep = Math.min(...changes.map((change) => change.keep ?? Number.POSITIVE_INFINITY))
  const direction = op === 'latest' ? -1 : 1
  const inOrder = [...fields].sort(
    ([nameA, a], [nameB, b]) => direction * (compareAge(a, b) || compareText(nameA, nameB)),
  )
  return { op, fields: new Map(inOrder.slice(0, keep)) }
}

type With<Op extends Change['op']> = Extract<Change, { op: Op }> & { readonly messageId: string }

function buckets(changes: readonly With<'count'>[], unitMs: number, kept: number): Bucket[] {
  const sums = new Map<number, number>()
  for (const { atMs, amount } of changes) {
    const start = Math.floor(atMs / unitMs) * unitMs
    sums.set(start, (sums.get(start) ?? 0) + amount)
  }
  const newest = Math.max(...sums.keys())
  return [...sums].filter(([start]) => start > newest - kept * unitMs).sort(([left], [right]) => left - right)
}

const expectedCount = (changes: readonly With<'count'>[]): PartValue => ({
  op: 'count',
  total: changes.reduce((sum, { amount }) => sum + amount, 0),
  fiveMinutes: buckets(changes, 5 * MINUTE_MS, 26 * 12),
  hours: buckets(changes, HOUR_MS, 32 * 24),
})

function expectedNewest(changes: readonly With<'newest'>[]): PartValue {
  const members = new Map<string, Member>()
  for (const { member, atMs, messageId, value } of changes) {
    const candidate = { member, atMs, messageId, value }
    const standing = members.get(member)
    if (standing === undefined || wins('latest', candidate, standing)) members.set(member, candidate)
  }
  const sorted = [...members.values()].sort(
    (left, right) => compareAge(right, left) || compareText(right.member, left.member),
  )
  return { op: 'newest', members: sorted.slice(0, Math.min(...changes.map(({ keep }) => keep))) }
}

/** By UTF-8 bytes, as every store can compare. */
const compareText = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

const compareAge = (left: Register, right: Register): number =>
  left.atMs - right.atMs || compareText(left.messageId, right.messageId)

function wins(op: 'latest' | 'earliest', candidate: Register, standing: Register): boolean {
  const age = compareAge(candidate, standing)
  if (age === 0) return compareText(JSON.stringify(candidate.value), JSON.stringify(standing.value)) > 0
  return op === 'latest' ? age > 0 : age < 0
}
