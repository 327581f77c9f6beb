import { randomStream, shuffledIndices } from '../random/streams.ts'
import type { Targets } from './targets.ts'

export interface RowSplit {
  readonly training: Int32Array
  readonly validation: Int32Array
}

/**
 * Puts a seeded share of the rows aside, of each class as near to its share as whole rows allow; one row of a class that
 * has more than one always stays in the training part. Both parts are in ascending order.
 */
export function splitRows(targets: Targets, rows: number, options: { fraction: number; seed: number }): RowSplit {
  const order = shuffledIndices(rows, randomStream(options.seed, splitPurpose))
  const groups = new Map<number, number[]>()
  for (const row of order) {
    const group = targets.kind === 'classes' ? (targets.labels[row] as number) : 0
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [row])
    else members.push(row)
  }
  const validation: number[] = []
  // Whole rows that a class is owed are carried on to the next, so that the sum is right where classes are small.
  let owed = 0
  for (const [, members] of [...groups].sort(([left], [right]) => left - right)) {
    owed += members.length * options.fraction
    const taken = Math.min(Math.round(owed), members.length - 1)
    owed -= taken
    validation.push(...members.slice(0, taken))
  }
  const isValidation = new Set(validation)
  return {
    training: Int32Array.from(order.filter((row) => !isValidation.has(row))).sort(),
    validation: Int32Array.from(validation).sort(),
  }
}

const splitPurpose = 1_000_003
