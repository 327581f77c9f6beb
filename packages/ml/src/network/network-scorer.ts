import { argumentError } from '../errors.ts'
import { type ProjectedConvolution, rectifiedMaximum, scatterToken, tapsOf } from './convolution.ts'
import { Dense } from './dense.ts'
import { LstmLayer, type LstmState } from './lstm-layer.ts'
import { arrayOf, type CnnLstmForm, type LstmForm, type NetworkModel, type TextCnnForm } from './network-model.ts'
import { projectionBytes, TokenProjections } from './token-projections.ts'

/** Runs a network on one document after another, on typed arrays alone. Not for several threads at once. */
export interface NetworkScorer {
  readonly outputs: number
  /**
   * Probabilities (`softmax`) or values (`linear`) of one document, `length` token ids. Throws RPT_ML_ARGUMENT_INVALID for
   * another length and for ids outside the vocabulary.
   */
  score(ids: Int32Array, out: Float32Array): void
}

/** Bytes that a network and its scorer hold, for memory budgets; working memory below 1 MiB not counted. */
export function networkBytes(model: NetworkModel): number {
  let bytes = projectionBytes
  for (const values of model.arrays.values()) bytes += values.byteLength
  return bytes
}

/** The forward pass of a network that `@rapport/deep` trained, equal to the trainer's within rounding. */
export function createNetworkScorer(model: NetworkModel): NetworkScorer {
  const { form } = model
  const extract = createExtractor(model)
  const layer = new Dense(arrayOf(model, 'output/kernel'), form.outputs)
  const bias = arrayOf(model, 'output/bias')
  return {
    outputs: form.outputs,
    score(ids, out) {
      if (ids.length !== form.length) throw argumentError('ids', `are ${ids.length}, not ${form.length}`)
      for (const id of ids)
        if (!(id >= 0 && id < form.vocabulary))
          throw argumentError('ids', `have ${id}, not within 0..${form.vocabulary - 1}`)
      extract(ids, layer.input)
      layer.output.set(bias)
      layer.addProduct()
      out.set(layer.output)
      if (form.activation === 'softmax') softmax(out)
    },
  }
}

/** Writes the features before the last layer. */
type Extractor = (ids: Int32Array, features: Float32Array) => void

function createExtractor(model: NetworkModel): Extractor {
  const { form } = model
  switch (form.kind) {
    case 'text-cnn':
      return textCnn(model, form)
    case 'lstm':
    case 'bilstm':
      return lstm(model, form)
    case 'cnn-lstm':
      return cnnLstm(model, form)
  }
}

const projectionsOf = (model: NetworkModel, kernels: readonly Float32Array[]): TokenProjections =>
  new TokenProjections(arrayOf(model, 'embedding/embeddings'), model.form.embedding, kernels)

function textCnn(model: NetworkModel, { windows, filters, length }: TextCnnForm): Extractor {
  const taps = windows.flatMap((window) => tapsOf(arrayOf(model, `conv_${window}/kernel`), window))
  const projections = projectionsOf(model, taps)
  let offset = 0
  const branches = windows.map((window) => {
    const convolution: ProjectedConvolution = { window, filters, offset, bias: arrayOf(model, `conv_${window}/bias`) }
    offset += window * filters
    const positions = length - window + 1
    return { convolution, sums: { values: new Float32Array(positions * filters), positions, before: 0 } }
  })
  return (ids, features) => {
    for (const { sums } of branches) sums.values.fill(0)
    for (const [at, id] of ids.entries()) {
      const products = projections.of(id)
      for (const { convolution, sums } of branches) scatterToken(products, at, convolution, sums)
    }
    for (const [index, { convolution, sums }] of branches.entries()) {
      const target = { start: 0, end: sums.positions, out: features, at: index * filters }
      rectifiedMaximum(sums.values, convolution, target)
    }
  }
}

function layerOf(model: NetworkModel, name: string, units: number): LstmLayer {
  const recurrent = arrayOf(model, `${name}/recurrent_kernel`)
  return new LstmLayer({ recurrent, bias: arrayOf(model, `${name}/bias`), units })
}

function lstm(model: NetworkModel, { kind, units, readout, length }: LstmForm): Extractor {
  const ways = kind === 'lstm' ? ['lstm'] : ['bidirectional/forward_lstm', 'bidirectional/backward_lstm']
  const projections = projectionsOf(
    model,
    ways.map((way) => arrayOf(model, `${way}/kernel`)),
  )
  const layers = ways.map((way) => layerOf(model, way, units))
  const padding: LstmState[] = []
  return (ids, features) => {
    const [forwards, backwards] = layers as [LstmLayer, LstmLayer | undefined]
    for (let at = beginAfterPadding(forwards, ids, { padding, projections }); at < length; at += 1)
      forwards.step(projections.of(ids[at] as number))
    backwards?.begin()
    for (let at = length - 1; at >= 0; at -= 1) backwards?.step(projections.of(ids[at] as number), 4 * units)
    for (const [index, layer] of layers.entries())
      features.set(readout === 'max' ? layer.largest : layer.hidden, index * units)
  }
}

/** The states after so many paddings are the same for all documents; returns the position to go on from. */
function beginAfterPadding(
  layer: LstmLayer,
  ids: Int32Array,
  { padding, projections }: { readonly padding: LstmState[]; readonly projections: TokenProjections },
): number {
  let count = 0
  while (count < ids.length && ids[count] === 0) count += 1
  layer.begin()
  if (count === 0) return 0
  const known = padding.at(Math.min(count, padding.length) - 1)
  if (known !== undefined) layer.restore(known)
  while (padding.length < count) {
    layer.step(projections.of(0))
    padding.push(layer.save())
  }
  return count
}

function cnnLstm(model: NetworkModel, form: CnnLstmForm): Extractor {
  const { window, filters, pool, units, readout, length } = form
  const projections = projectionsOf(model, tapsOf(arrayOf(model, 'conv/kernel'), window))
  const convolution: ProjectedConvolution = { window, filters, offset: 0, bias: arrayOf(model, 'conv/bias') }
  // 'same' padding puts the odd zero behind.
  const sums = { values: new Float32Array(length * filters), positions: length, before: Math.floor((window - 1) / 2) }
  const layer = layerOf(model, 'lstm', units)
  const product = new Dense(arrayOf(model, 'lstm/kernel'), 4 * units)
  return (ids, features) => {
    sums.values.fill(0)
    for (const [at, id] of ids.entries()) scatterToken(projections.of(id), at, convolution, sums)
    layer.begin()
    for (let start = 0; start + pool <= length; start += pool) {
      rectifiedMaximum(sums.values, convolution, { start, end: start + pool, out: product.input, at: 0 })
      product.output.fill(0)
      product.addProduct()
      layer.step(product.output)
    }
    features.set(readout === 'max' ? layer.largest : layer.hidden)
  }
}

function softmax(values: Float32Array): void {
  let largest = -Infinity
  for (const value of values) largest = Math.max(largest, value)
  let sum = 0
  for (let index = 0; index < values.length; index += 1) {
    const value = Math.exp((values[index] as number) - largest)
    values[index] = value
    sum += value
  }
  for (let index = 0; index < values.length; index += 1) values[index] = (values[index] as number) / sum
}
