import { createHash } from 'node:crypto'
import type { GrowingActs } from './growing-acts.ts'

/** Acts of merged visitors, ordered by user and then by time. */
export interface InteractionLog {
  readonly users: number
  readonly itemIds: readonly string[]
  /** Acts of user `u`: `starts[u] .. starts[u + 1]`. */
  readonly starts: Int32Array
  readonly items: Int32Array
  readonly kinds: Uint8Array
  readonly timesMs: Float64Array
}

/** Orders acts by user and time (then by item and kind, so that the order of arrival leaves no trace). */
export function toInteractionLog(
  acts: GrowingActs,
  size: { readonly users: number; readonly itemIds: readonly string[] },
): InteractionLog {
  const { users, itemIds } = size
  const order = new Uint32Array(acts.length).map((_, at) => at)
  const { visitors, items, kinds, timesMs } = acts
  const at = (column: ArrayLike<number>, index: number): number => column[index] ?? 0
  order.sort(
    (a, b) =>
      at(visitors, a) - at(visitors, b) ||
      at(timesMs, a) - at(timesMs, b) ||
      at(items, a) - at(items, b) ||
      at(kinds, a) - at(kinds, b),
  )
  const starts = new Int32Array(users + 1)
  for (let act = 0; act < acts.length; act += 1) {
    const next = at(visitors, act) + 1
    starts[next] = at(starts, next) + 1
  }
  for (let user = 0; user < users; user += 1) starts[user + 1] = at(starts, user + 1) + at(starts, user)
  return {
    users,
    itemIds,
    starts,
    items: Int32Array.from(order, (act) => at(items, act)),
    kinds: Uint8Array.from(order, (act) => at(kinds, act)),
    timesMs: Float64Array.from(order, (act) => at(timesMs, act)),
  }
}

/** SHA-256 of everything that training sees of the data. */
export function fingerprintOf(log: InteractionLog): string {
  const hash = createHash('sha256').update(JSON.stringify(log.itemIds))
  for (const { buffer, byteOffset, byteLength } of [log.starts, log.items, log.kinds, log.timesMs]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}
