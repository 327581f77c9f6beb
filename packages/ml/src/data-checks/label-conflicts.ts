import { argumentError } from '../errors.ts'
import { firstOfEqualSets, type TokenSets } from './token-sets.ts'

export interface LabelConflict {
  /** Rows with the same tokens, ascending. */
  readonly rows: readonly number[]
  /** Their different labels, ascending. */
  readonly labels: readonly number[]
}

export interface DuplicateReport {
  /** Rows whose token set an earlier row has. */
  readonly duplicates: number
  /** By first row. */
  readonly conflicts: readonly LabelConflict[]
}

/**
 * Rows with the same tokens, whatever their order and number, but different labels. Rows without tokens are not compared.
 * Expected time linear in the tokens. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function findLabelConflicts(sets: TokenSets, labels: Int32Array): DuplicateReport {
  if (labels.length !== sets.rows) throw argumentError('labels', `has ${labels.length} rows, not ${sets.rows}`)
  const groups = new Map<number, number[]>()
  let duplicates = 0
  firstOfEqualSets(sets).forEach((first, row) => {
    if (first < 0) return
    const group = groups.get(first)
    if (group === undefined) groups.set(first, [row])
    else group.push(row)
    if (first !== row) duplicates += 1
  })
  const conflicts: LabelConflict[] = []
  for (const rows of groups.values()) {
    const different = [...new Set(rows.map((row) => labels[row] as number))].sort((a, b) => a - b)
    if (different.length > 1) conflicts.push({ rows, labels: different })
  }
  return { duplicates, conflicts }
}
