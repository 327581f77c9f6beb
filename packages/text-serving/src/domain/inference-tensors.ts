import { textLimits, type InferenceModel, type InferenceRequest, type InferenceTensor } from '@rapport/contracts'
import { inferenceInvalid, tooManyDocuments } from '../errors.ts'
import { problemOfText } from './check-document.ts'

/** Name of the tensor of texts. */
const inputName = 'text'

/** What a text model of so many classes takes and gives: -1 stands for the number of texts. */
export const describeTensors = (classes: number): Pick<InferenceModel, 'inputs' | 'outputs'> => ({
  inputs: [{ name: inputName, datatype: 'BYTES', shape: [-1] }],
  outputs: [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, classes] },
    { name: 'labels', datatype: 'BYTES', shape: [classes] },
  ],
})

/**
 * The texts of a request: one tensor of BYTES, of shape [n] or [n, 1].
 * @throws HttpError 400 naming the tensor and what is wrong with it; 413 for more texts than a call may have.
 */
export function readTexts({ inputs }: InferenceRequest): readonly string[] {
  const [input, ...others] = inputs
  if (input === undefined || others.length > 0) {
    throw inferenceInvalid(`The model takes one input, ${inputName}, not ${inputs.length}.`)
  }
  const invalid = (problem: string): Error => inferenceInvalid(`The input ${JSON.stringify(input.name)} ${problem}.`)
  const { name, datatype, shape } = input
  if (name !== inputName) throw invalid(`is not known; the model takes ${inputName}`)
  if (datatype !== 'BYTES') throw invalid(`has the datatype ${datatype}, not BYTES`)
  const [count = -1, width = 1, ...rest] = shape
  if (count < 0 || width !== 1 || rest.length > 0)
    throw invalid(`has the shape [${shape.join(', ')}], not [n] or [n, 1]`)
  if (count > textLimits.documents) {
    throw tooManyDocuments(`A call has at most ${textLimits.documents} texts, not ${count}.`)
  }
  const data = flatten(input)
  if (data.length !== count) throw invalid(`has ${data.length} elements, not the ${count} of its shape`)
  return data.map((text, at) => {
    if (typeof text !== 'string') throw invalid(`has an element ${at} that is no string`)
    const problem = problemOfText(text)
    if (problem !== undefined) throw invalid(`has an element ${at} that cannot be classified (${problem.code})`)
    return text
  })
}

/** Data may be nested as its shape is; of every other nesting the rows stay, as elements that are no strings. */
function flatten({ shape, data }: InferenceRequest['inputs'][number]): readonly unknown[] {
  const isColumn = shape.length === 2 && data.every((row) => Array.isArray(row) && row.length === 1)
  return isColumn ? data.flat(1) : data
}

export interface Scored {
  readonly labels: readonly string[]
  /** By text: the number of the best label. */
  readonly best: readonly number[]
  /** Texts x labels, row-major. */
  readonly probabilities: Float32Array
}

/**
 * The output tensors that a request wants, in its order.
 * @throws HttpError 400 for an output that the model does not have.
 */
export function renderOutputs(
  { outputs }: InferenceRequest,
  { labels, best, probabilities }: Scored,
): InferenceTensor[] {
  const tensors: readonly InferenceTensor[] = [
    { name: 'label', shape: [best.length], datatype: 'BYTES', data: best.map((label) => labels[label] as string) },
    {
      name: 'probabilities',
      shape: [best.length, labels.length],
      datatype: 'FP32',
      data: [...probabilities],
    },
    { name: 'labels', shape: [labels.length], datatype: 'BYTES', data: [...labels] },
  ]
  if (outputs === undefined || outputs.length === 0) return [...tensors]
  return outputs.map(({ name }) => {
    const wanted = tensors.find((tensor) => tensor.name === name)
    if (wanted !== undefined) return wanted
    const known = tensors.map((tensor) => tensor.name).join(', ')
    throw inferenceInvalid(`The model has no output ${JSON.stringify(name)}; it has ${known}.`)
  })
}
