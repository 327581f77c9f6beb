import { setImmediate as nextTurn } from 'node:timers/promises'
import * as tf from '@tensorflow/tfjs'
import { computing } from '../errors.ts'
import { forward, type WeightTensors } from '../networks/forward.ts'
import type { NetworkWeights, Weight } from '../networks/weights.ts'
import { embeddingName } from '../networks/weights.ts'
import type { TokenIds } from './token-ids.ts'
import { embedRows } from './embedding-rows.ts'

const batchRows = 256

/**
 * Logits, or predicted values, of documents: rows x outputs, row-major. `rows` names the documents; all when absent. The
 * event loop turns between batches; rejects with the signal's reason once aborted. Throws RPT_DEEP_FAILED with the cause when
 * TensorFlow.js does.
 */
export async function predictOutputs(
  network: NetworkWeights,
  tokens: TokenIds,
  {
    rows = Int32Array.from({ length: tokens.rows }, (_, row) => row),
    signal,
  }: { rows?: Int32Array; signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  const { parameters, weights } = network
  const outputs = new Float32Array(rows.length * parameters.outputs)
  for (let from = 0; from < rows.length; from += batchRows) {
    const batch = rows.subarray(from, from + batchRows)
    const { values, shape } = embedRows(parameters, tableOf(network), { tokens, rows: batch })
    // What a tidy returns is searched for tensors, element by element: nothing is returned.
    computing('the prediction', () =>
      tf.tidy(() => {
        const part = forward(parameters, weightTensors(weights), tf.tensor3d(values, shape))
        outputs.set(part.dataSync<'float32'>(), from * parameters.outputs)
      }),
    )
    await nextTurn()
    signal?.throwIfAborted()
  }
  return outputs
}

/** The values of the embedding. */
export const tableOf = ({ weights }: NetworkWeights): Float32Array => (weights[0] as Weight).values

/** Tensors of all weights but the embedding, which stays in main memory. */
export function weightTensors(weights: readonly Weight[]): WeightTensors {
  const dense = weights.filter(({ name }) => name !== embeddingName)
  return Object.fromEntries(dense.map(({ name, shape, values }) => [name, tf.tensor(values, [...shape], 'float32')]))
}
