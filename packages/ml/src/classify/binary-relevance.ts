import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import type { TrainingControl } from '../training-control.ts'
import { emptyLinearModel, type LinearModel } from './linear-model.ts'

/** Trains a model of two classes: rows without (0) and with (1) a label. */
export type TrainBinary = (rows: CsrMatrix, labels: Int32Array, control: TrainingControl) => Promise<LinearModel>

/**
 * A linear model of rows with any number of labels: one model for each label, of the rows that have it against those that do not
 * (binary relevance; Tsoumakas and Katakis 2007). The score of a label is its own model's margin. A label that all rows have, or
 * none, gets no features and a bias of 1 or -1.
 * @param sets By row, the labels that it has. @throws RPT_ML_ARGUMENT_INVALID, and what `train` throws
 */
export async function trainBinaryRelevance(
  rows: CsrMatrix,
  sets: readonly Int32Array[],
  { classes, train }: { readonly classes: number; readonly train: TrainBinary },
  control: TrainingControl = {},
): Promise<LinearModel> {
  if (sets.length !== rows.rows) throw argumentError('sets', `has ${sets.length} entries for ${rows.rows} rows`)
  const model = emptyLinearModel(classes, rows.columns)
  for (let label = 0; label < classes; label += 1) {
    const members = membersOf(sets, label)
    const count = members.reduce((sum, member) => sum + member, 0)
    if (count === 0 || count === rows.rows) {
      model.bias[label] = count === 0 ? -1 : 1
      continue
    }
    const onProgress = (part: number): void => control.onProgress?.((label + part) / classes)
    const { weights, bias } = await train(rows, members, { ...control, onProgress })
    for (let column = 0; column < rows.columns; column += 1) {
      model.weights[column * classes + label] = (weights[2 * column + 1] as number) - (weights[2 * column] as number)
    }
    model.bias[label] = (bias[1] as number) - (bias[0] as number)
  }
  return model
}

/** By row: 1 where it has the label, otherwise 0. */
export const membersOf = (sets: readonly Int32Array[], label: number): Int32Array =>
  Int32Array.from(sets, (set) => (set.includes(label) ? 1 : 0))
