import * as tf from '@tensorflow/tfjs'
import type { Targets } from './targets.ts'

/** A batch's targets as the factors of its loss. */
export interface BatchTargets {
  readonly kind: Targets['kind']
  /** Classes: -weight / rows at the row's class, 0 elsewhere. Values: the targets themselves. rows x outputs. */
  readonly matrix: Float32Array
  /** Values: weight / (rows * outputs) of each row. */
  readonly scales: Float32Array
}

export function batchTargets(targets: Targets, weights: Float64Array, rows: Int32Array, outputs: number): BatchTargets {
  const matrix = new Float32Array(rows.length * outputs)
  const scales = new Float32Array(rows.length)
  for (const [position, row] of rows.entries()) {
    const weight = (weights[row] as number) / rows.length
    scales[position] = weight / outputs
    if (targets.kind === 'classes') matrix[position * outputs + (targets.labels[row] as number)] = -weight
    else matrix.set(targets.values.subarray(row * outputs, (row + 1) * outputs), position * outputs)
  }
  return { kind: targets.kind, matrix, scales }
}

/** The mean over the batch of each row's weight times its cross-entropy, or its mean squared error. */
export function lossOf(outputs: tf.Tensor2D, { kind, matrix, scales }: BatchTargets): tf.Scalar {
  const targets = tf.tensor2d(matrix, outputs.shape)
  if (kind === 'classes') return tf.sum(tf.mul(tf.logSoftmax(outputs), targets))
  return tf.sum(tf.mul(tf.squaredDifference(outputs, targets), tf.tensor2d(scales, [scales.length, 1])))
}

export interface Score {
  /** The mean of each row's weight times its loss. */
  readonly loss: number
  /** Share of rows, unweighted, whose class has the largest output; NaN for values. */
  readonly accuracy: number
}

export interface ScoredRows {
  readonly rows: Int32Array
  /** Of every document, as in training; all 1 when absent. */
  readonly weights?: Float64Array
}

/** Loss and accuracy of outputs (rows x columns): logits for classes. */
export function scoreOutputs(outputs: Float32Array, targets: Targets, { rows, weights }: ScoredRows): Score {
  const width = outputs.length / rows.length
  let loss = 0
  let hits = 0
  for (const [position, row] of rows.entries()) {
    const own = outputs.subarray(position * width, (position + 1) * width)
    const weight = weights?.[row] ?? 1
    if (targets.kind === 'values') {
      for (const [column, value] of own.entries())
        loss += (weight * (value - (targets.values[row * width + column] as number)) ** 2) / width
      continue
    }
    const largest = own.reduce((left, right) => Math.max(left, right))
    const sum = own.reduce((total, logit) => total + Math.exp(logit - largest), 0)
    const label = targets.labels[row] as number
    loss += weight * (Math.log(sum) + largest - (own[label] as number))
    if (own[label] === largest) hits += 1
  }
  return { loss: loss / rows.length, accuracy: targets.kind === 'values' ? Number.NaN : hits / rows.length }
}
