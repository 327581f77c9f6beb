import { isTimeMajor } from '../networks/forward.ts'
import type { NetworkParameters } from '../networks/parameters.ts'
import type { TokenIds } from './token-ids.ts'

/** The embedded tokens of some documents, in the order that `forward` reads. */
export interface EmbeddedBatch {
  readonly values: Float32Array
  readonly shape: [number, number, number]
  /** Token of each row of `values`. */
  readonly tokens: Int32Array
}

/** Takes the embeddings of the documents `rows`, each column times its factor in `mask` (documents x embedding). */
export function embedRows(
  parameters: NetworkParameters,
  table: Float32Array,
  {
    tokens,
    rows,
    mask,
  }: { readonly tokens: TokenIds; readonly rows: Int32Array; readonly mask?: Float32Array | undefined },
): EmbeddedBatch {
  const { embedding } = parameters
  const { length, ids } = tokens
  const batch = rows.length
  const timeMajor = isTimeMajor(parameters)
  const values = new Float32Array(batch * length * embedding)
  const tokenOf = new Int32Array(batch * length)
  for (let document = 0; document < batch; document += 1) {
    const start = (rows[document] as number) * length
    for (let position = 0; position < length; position += 1) {
      const at = timeMajor ? position * batch + document : document * length + position
      const id = ids[start + position] as number
      tokenOf[at] = id
      values.set(table.subarray(id * embedding, (id + 1) * embedding), at * embedding)
    }
  }
  if (mask !== undefined) multiplyByMask(parameters, values, mask)
  return { values, shape: timeMajor ? [length, batch, embedding] : [batch, length, embedding], tokens: tokenOf }
}

/** Multiplies embedded tokens, or their gradient, by the mask of their document. */
export function multiplyByMask(parameters: NetworkParameters, values: Float32Array, mask: Float32Array): void {
  const { embedding } = parameters
  const documents = mask.length / embedding
  const rows = values.length / embedding
  const length = rows / documents
  for (let row = 0; row < rows; row += 1) {
    const document = isTimeMajor(parameters) ? row % documents : Math.floor(row / length)
    const from = document * embedding
    const to = row * embedding
    for (let column = 0; column < embedding; column += 1)
      values[to + column] = (values[to + column] as number) * (mask[from + column] as number)
  }
}

/** The gradients of tokens that occur, each summed over its occurrences. */
export class TokenGradients {
  /** Tokens of the last batch, each once. */
  readonly tokens: number[] = []
  /** tokens x embedding. */
  sums = new Float32Array(0)
  private readonly slots: Int32Array
  private readonly embedding: number

  constructor({ vocabulary, embedding }: NetworkParameters) {
    this.slots = new Int32Array(vocabulary).fill(-1)
    this.embedding = embedding
  }

  /** Sums `gradient` (a row for each of `tokens`) by token. */
  collect(tokens: Int32Array, gradient: Float32Array): void {
    const { slots, embedding } = this
    for (const token of this.tokens) slots[token] = -1
    this.tokens.length = 0
    for (const token of tokens) {
      if (slots[token] !== -1) continue
      slots[token] = this.tokens.length
      this.tokens.push(token)
    }
    const length = this.tokens.length * embedding
    if (this.sums.length < length) this.sums = new Float32Array(length)
    else this.sums.fill(0, 0, length)
    const { sums } = this
    let from = 0
    for (const token of tokens) {
      const to = (slots[token] as number) * embedding
      for (let column = 0; column < embedding; column += 1)
        sums[to + column] = (sums[to + column] as number) + (gradient[from++] as number)
    }
  }
}
