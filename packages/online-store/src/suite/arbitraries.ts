import fc from 'fast-check'
import type { Application, Change, EntityRef, Entry } from '../online-store.ts'
import { application, BASE_MS, DAY_MS, HOUR_MS, MINUTE_MS } from './harness.ts'

/** Close together, across the edges of both horizons, and before 1970. */
const eventTimeMs = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 30 }).map((steps) => BASE_MS + steps * 2 * MINUTE_MS) },
  { weight: 3, arbitrary: fc.integer({ min: -60, max: 60 }).map((hours) => BASE_MS + hours * HOUR_MS) },
  { weight: 2, arbitrary: fc.integer({ min: -70, max: 70 }).map((days) => BASE_MS + days * DAY_MS + 1) },
  { weight: 1, arbitrary: fc.integer({ min: -50_000_000_000, max: 2_000_000_000_000 }) },
)

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '茶', 'é', '😀', '\uFFFD', 'item-1', 'item-2') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
)
const amount = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }) },
)
const value = fc.oneof(
  fc.integer(),
  fc.constantFrom<string | boolean | null>('红', '', true, null),
  fc.array(fc.integer({ max: 9 }), { maxLength: 3 }),
)

/** Some registers say how many fields of their part stay. */
const bounded = <Register extends object>(
  register: fc.Arbitrary<Register>,
): fc.Arbitrary<Register & { keep?: number }> =>
  fc
    .tuple(register, fc.constantFrom(undefined, undefined, undefined, 4))
    .map(([change, keep]) => (keep === undefined ? change : Object.assign({ keep }, change)))

const changeOf: Record<Change['op'], fc.Arbitrary<Change>> = {
  count: fc.record({ op: fc.constant('count'), part: fc.constant('count/test'), atMs: eventTimeMs, amount }),
  latest: bounded(
    fc.record({
      op: fc.constant('latest'),
      part: fc.constant('latest/test'),
      field: name,
      atMs: eventTimeMs,
      value,
    }),
  ),
  earliest: bounded(
    fc.record({
      op: fc.constant('earliest'),
      part: fc.constant('earliest/test'),
      field: name,
      atMs: eventTimeMs,
      value,
    }),
  ),
  newest: fc.record({
    op: fc.constant('newest'),
    part: fc.constant('newest/test'),
    member: name,
    atMs: eventTimeMs,
    value,
    keep: fc.constantFrom(5, 5, 5, 3),
  }),
  tally: fc.record({ op: fc.constant('tally'), part: fc.constant('tally/test'), field: name, amount }),
}

export type Message = Omit<Entry, 'offset'>

/** Messages with distinct ids, each with a few changes of the given kinds. */
export function messagesOf(ops: readonly Change['op'][]): fc.Arbitrary<readonly Message[]> {
  const change = fc.oneof(...ops.map((op) => changeOf[op]))
  const message = fc.record({
    messageId: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    receivedAtMs: fc.integer({ min: 0, max: 20 }).map((hours) => BASE_MS + hours * HOUR_MS),
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  })
  return fc.uniqueArray(message, { selector: ({ messageId }) => messageId, minLength: 1, maxLength: 25 })
}

/** One way in which the messages may arrive: calls of applications. */
export interface Delivery {
  /** Sorting by it orders the messages. */
  readonly order: readonly number[]
  readonly partitions: readonly number[]
  readonly callSizes: readonly number[]
  /** After these calls, everything so far is delivered again. */
  readonly redeliverAfter: readonly boolean[]
}

export const deliveryOf = (length: number): fc.Arbitrary<Delivery> =>
  fc.record({
    order: fc.array(fc.nat(), { minLength: length, maxLength: length }),
    partitions: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: length, maxLength: length }),
    callSizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
    redeliverAfter: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  })

const at = <T>(values: readonly T[], index: number): T => {
  const value = values[index % values.length]
  if (value === undefined) throw new RangeError('no values to take turns')
  return value
}

/** Lays the messages out over partitions and calls. */
export function toCalls(messages: readonly Message[], delivery: Delivery, entity: EntityRef): Application[][] {
  const nextOffsets = [0, 0, 0, 0]
  const placed = messages
    .map((message, index) => ({ message, order: at(delivery.order, index), partition: at(delivery.partitions, index) }))
    .sort((left, right) => left.order - right.order)
    .map(({ message, partition }) => {
      const offset = nextOffsets[partition] ?? 0
      nextOffsets[partition] = offset + 1 + (offset % 2)
      return { partition, entry: { ...message, offset } }
    })
  const calls: Application[][] = []
  let start = 0
  for (let call = 0; start < placed.length; call++) {
    const end = start + at(delivery.callSizes, call)
    calls.push(toApplications(placed.slice(start, end), entity))
    if (at(delivery.redeliverAfter, call)) calls.push(toApplications(placed.slice(0, end), entity))
    start = end
  }
  return calls
}

function toApplications(placed: readonly { partition: number; entry: Entry }[], entity: EntityRef): Application[] {
  return [...Map.groupBy(placed, ({ partition }) => partition)].map(([partition, group]) => {
    const entries = group.map(({ entry }) => entry)
    return application(entity, entries, { partition, dedupWindowMs: DAY_MS })
  })
}
