import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { buildCsr, type CsrMatrix } from '@rapport/ml'
import type { TrainingPart } from './candidates.ts'

/** Interactions in parallel arrays; `timesMs` where the data has times. */
export interface Pairs {
  readonly users: readonly number[]
  readonly items: readonly number[]
  readonly timesMs?: readonly number[]
}

export interface Shape {
  readonly rows: number
  readonly columns: number
}

/** The pairs for which `keep` holds. */
export function filterPairs(pairs: Pairs, keep: (index: number) => boolean): Pairs {
  const indices = pairs.users.flatMap((_, index) => (keep(index) ? [index] : []))
  const pick = (values: readonly number[]): readonly number[] => indices.map((index) => values[index] ?? 0)
  return {
    users: pick(pairs.users),
    items: pick(pairs.items),
    ...(pairs.timesMs && { timesMs: pick(pairs.timesMs) }),
  }
}

/** Users x items with a 1 for every pair. */
export const toMatrix = (pairs: Pairs, shape: Shape): CsrMatrix =>
  buildCsr({ ...shape, rowOf: pairs.users, columnOf: pairs.items, duplicates: 'one' })

export const toPart = (pairs: Pairs, shape: Shape, asOfMs?: number): TrainingPart => ({
  matrix: toMatrix(pairs, shape),
  interactions: { items: pairs.items, ...(pairs.timesMs && { timesMs: pairs.timesMs }) },
  ...(asOfMs !== undefined && { asOfMs }),
})

/** Takes a seeded random share of all pairs out as the validation part. */
export function randomHoldOut(
  pairs: Pairs,
  share: number,
  seed: number,
): { readonly rest: Pairs; readonly heldOut: Pairs } {
  const random = xoroshiro128plus(seed)
  const isHeldOut = pairs.users.map(() => uniformFloat64(random) < share)
  return {
    rest: filterPairs(pairs, (index) => !isHeldOut[index]),
    heldOut: filterPairs(pairs, (index) => isHeldOut[index] === true),
  }
}

/** Takes the latest pair of each user out: by time, of equal times the later one in order. */
export function latestHoldOut(pairs: Pairs): { readonly rest: Pairs; readonly heldOut: Pairs } {
  const latest = new Map<number, number>()
  for (const [index, user] of pairs.users.entries()) {
    const before = latest.get(user)
    const time = pairs.timesMs?.[index] ?? 0
    if (before === undefined || time >= (pairs.timesMs?.[before] ?? 0)) latest.set(user, index)
  }
  const heldOut = new Set(latest.values())
  return {
    rest: filterPairs(pairs, (index) => !heldOut.has(index)),
    heldOut: filterPairs(pairs, (index) => heldOut.has(index)),
  }
}
