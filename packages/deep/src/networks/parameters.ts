import { argumentError } from '../errors.ts'

interface NetworkBase {
  /** Rows of the embedding: token ids are 0 .. vocabulary - 1. */
  readonly vocabulary: number
  /** Tokens a document. */
  readonly length: number
  /** Numbers a token. */
  readonly embedding: number
  /** Classes, or values to predict. */
  readonly outputs: number
  /** Share of the features before the last layer that a training step leaves out; 0 when absent. */
  readonly dropout?: number
  /** Share of the embedding's columns that a training step leaves out of a document (Tompson et al. 2015); 0 when absent. */
  readonly embeddingDropout?: number
}

/** What is taken from the states of a recurrent layer: the last one, or the largest value of each unit over all steps. */
export type Readout = 'last' | 'max'

/** Convolutions of several widths over the embedded text, each feature's largest value over time (Kim 2014). */
export interface TextCnnParameters extends NetworkBase {
  readonly kind: 'text-cnn'
  /** Widths of the filters in tokens, each once. */
  readonly windows: readonly number[]
  /** Filters of each width. */
  readonly filters: number
}

/** A long short-term memory over the embedded text; `bilstm` reads it in both directions. */
export interface LstmParameters extends NetworkBase {
  readonly kind: 'lstm' | 'bilstm'
  readonly units: number
  readonly readout?: Readout
}

/** A convolution, the largest value of every `pool` positions (so that the order stays), then an LSTM. */
export interface CnnLstmParameters extends NetworkBase {
  readonly kind: 'cnn-lstm'
  readonly window: number
  readonly filters: number
  readonly pool: number
  readonly units: number
  readonly readout?: Readout
}

/** A network's form: plain JSON. */
export type NetworkParameters = TextCnnParameters | LstmParameters | CnnLstmParameters

/** Throws RPT_DEEP_ARGUMENT_INVALID, naming the first parameter that makes no network. */
export function checkParameters(parameters: NetworkParameters): void {
  for (const [name, value] of Object.entries(sizesOf(parameters))) {
    if (!Number.isInteger(value) || value < 1) throw argumentError(name, `is ${value}, not a positive integer`)
  }
  for (const name of ['dropout', 'embeddingDropout'] as const) {
    const rate = parameters[name] ?? 0
    if (!(rate >= 0 && rate < 1)) throw argumentError(name, `is ${rate}, not from 0 to below 1`)
  }
  if (parameters.kind === 'text-cnn') checkWindows(parameters)
  if (parameters.kind === 'cnn-lstm' && parameters.pool > parameters.length)
    throw argumentError('pool', `is ${parameters.pool}, more than the length ${parameters.length}`)
}

function sizesOf(parameters: NetworkParameters): Readonly<Record<string, number>> {
  const { vocabulary, length, embedding, outputs } = parameters
  const common = { vocabulary, length, embedding, outputs }
  if (parameters.kind === 'text-cnn') return { ...common, filters: parameters.filters }
  if (parameters.kind !== 'cnn-lstm') return { ...common, units: parameters.units }
  const { window, filters, pool, units } = parameters
  return { ...common, window, filters, pool, units }
}

function checkWindows({ windows, length }: TextCnnParameters): void {
  const fits = (window: number): boolean => Number.isInteger(window) && window >= 1 && window <= length
  if (windows.length === 0 || new Set(windows).size !== windows.length || !windows.every(fits))
    throw argumentError('windows', `is [${windows.join(', ')}], not different widths of 1 to ${length}`)
}
