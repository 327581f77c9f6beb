import type { NetworkParameters } from '../networks/parameters.ts'
import { randomStream } from '../random/streams.ts'
import type { TokenIds } from '../training/token-ids.ts'
import type { Targets } from '../training/targets.ts'

const base = { vocabulary: 30, length: 9, embedding: 8, outputs: 3, dropout: 0.2, embeddingDropout: 0.1 }

/** A small network of each kind. */
export const toyNetworks: readonly NetworkParameters[] = [
  { ...base, kind: 'text-cnn', windows: [2, 3], filters: 8 },
  { ...base, kind: 'lstm', units: 10 },
  { ...base, kind: 'bilstm', units: 6, readout: 'max' },
  { ...base, kind: 'cnn-lstm', window: 4, filters: 10, pool: 2, units: 8 },
]

export interface ToyTexts {
  readonly tokens: TokenIds
  readonly targets: Targets & { readonly kind: 'classes' }
}

/** Left-padded documents of random tokens, of which one names the class. */
export function toyTexts(rows: number, seed: number): ToyTexts {
  const random = randomStream(seed)
  const ids = new Int32Array(rows * base.length)
  const labels = Int32Array.from({ length: rows }, () => Math.floor(base.outputs * random()))
  for (const [row, label] of labels.entries()) {
    const length = 3 + Math.floor((base.length - 2) * random())
    const start = (row + 1) * base.length - length
    for (let position = 0; position < length; position += 1) ids[start + position] = 10 + Math.floor(20 * random())
    ids[start + Math.floor(length * random())] = 2 + label
  }
  return { tokens: { rows, length: base.length, ids }, targets: { kind: 'classes', labels } }
}
