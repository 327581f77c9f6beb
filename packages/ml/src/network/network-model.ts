interface CommonForm {
  /** Token ids are 0 .. vocabulary - 1, 0 being padding, the more frequent the smaller. */
  readonly vocabulary: number
  /** Tokens a document. */
  readonly length: number
  readonly embedding: number
  readonly outputs: number
  readonly activation: 'softmax' | 'linear'
}

type Readout = 'last' | 'max'

export interface TextCnnForm extends CommonForm {
  readonly kind: 'text-cnn'
  readonly windows: readonly number[]
  readonly filters: number
}

export interface LstmForm extends CommonForm {
  readonly kind: 'lstm' | 'bilstm'
  readonly units: number
  readonly readout: Readout
}

export interface CnnLstmForm extends CommonForm {
  readonly kind: 'cnn-lstm'
  readonly window: number
  readonly filters: number
  readonly pool: number
  readonly units: number
  readonly readout: Readout
}

/** A network of `@rapport/deep`, as its parameters say. */
export type NetworkForm = TextCnnForm | LstmForm | CnnLstmForm

/** A trained network: plain data. Arrays by the name that Keras gives them, row-major. */
export interface NetworkModel {
  readonly form: NetworkForm
  readonly arrays: ReadonlyMap<string, Float32Array>
}

/** Names and shapes of the arrays, in the order of the file. */
export function arrayShapes(form: NetworkForm): readonly (readonly [name: string, shape: readonly number[]])[] {
  const { vocabulary, embedding, outputs } = form
  const convolution = (layer: string, window: number, filters: number) =>
    [
      [`${layer}/kernel`, [window, embedding, filters]],
      [`${layer}/bias`, [filters]],
    ] as const
  const memory = (layer: string, inputs: number, units: number) =>
    [
      [`${layer}/kernel`, [inputs, 4 * units]],
      [`${layer}/recurrent_kernel`, [units, 4 * units]],
      [`${layer}/bias`, [4 * units]],
    ] as const
  const layers = () => {
    switch (form.kind) {
      case 'text-cnn':
        return form.windows.flatMap((window) => convolution(`conv_${window}`, window, form.filters))
      case 'lstm':
        return memory('lstm', embedding, form.units)
      case 'bilstm':
        return ['forward', 'backward'].flatMap((way) => memory(`bidirectional/${way}_lstm`, embedding, form.units))
      case 'cnn-lstm':
        return [...convolution('conv', form.window, form.filters), ...memory('lstm', form.filters, form.units)]
    }
  }
  return [
    ['embedding/embeddings', [vocabulary, embedding]],
    ...layers(),
    ['output/kernel', [featureCount(form), outputs]],
    ['output/bias', [outputs]],
  ]
}

/** Features that the output layer reads. */
function featureCount(form: NetworkForm): number {
  if (form.kind === 'text-cnn') return form.windows.length * form.filters
  return form.kind === 'bilstm' ? 2 * form.units : form.units
}

/** The array of that name; every model that was read has those of `arrayShapes`. */
export function arrayOf(model: NetworkModel, name: string): Float32Array {
  const values = model.arrays.get(name)
  if (values === undefined) throw new Error(`the network has no array ${name}`)
  return values
}
