import * as tf from '@tensorflow/tfjs'

/** The few operations of a recurrent step, on matrices of one kind. */
export interface StepOperations<Matrix> {
  readonly product: (left: Matrix, right: Matrix) => Matrix
  readonly add: (left: Matrix, right: Matrix) => Matrix
  readonly multiply: (left: Matrix, right: Matrix) => Matrix
  readonly sigmoid: (x: Matrix) => Matrix
  readonly tanh: (x: Matrix) => Matrix
  /** Four parts side by side. */
  readonly quarters: (x: Matrix) => readonly [Matrix, Matrix, Matrix, Matrix]
  /** Puts matrices side by side. */
  readonly join: (parts: readonly Matrix[]) => Matrix
  /** Puts matrices above one another as the steps of a sequence. */
  readonly stack: (parts: readonly Matrix[]) => Matrix
  readonly unstack: (x: Matrix, steps: number) => Matrix[]
}

/** Runs a computation on step operations: tensors in, tensors out, and nothing else is left. */
export type StepComputation = <Matrix>(operations: StepOperations<Matrix>, inputs: readonly Matrix[]) => Matrix[]

/** Computes on the backend that is in use. */
export function computeSteps(inputs: readonly tf.Tensor[], compute: StepComputation): tf.Tensor[] {
  if (tf.getBackend() === 'tensorflow') return computeNatively(inputs, compute)
  return tf.tidy(() => compute(tensorOperations, inputs))
}

const tensorOperations: StepOperations<tf.Tensor> = {
  product: (left, right) => tf.matMul(left, right),
  add: (left, right) => tf.add(left, right),
  multiply: (left, right) => tf.mul(left, right),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  quarters: (x) => tf.split(x, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
  join: (parts) => tf.concat([...parts], 1),
  stack: (parts) => tf.stack([...parts]),
  unstack: (x) => tf.unstack(x),
}

interface Attribute {
  readonly name: string
  readonly type: number | undefined
  readonly value: unknown
}

interface OutputMetadata {
  readonly id: number
}

/** The part of the native backend that runs operations of TensorFlow by name. */
interface NativeBackend {
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[]
  createOutputTensor(metadata: OutputMetadata): tf.Tensor
  readonly binding: Readonly<Record<`TF_${string}`, number>> & {
    executeOp(
      name: string,
      attributes: readonly Attribute[],
      inputs: readonly number[],
      outputs: number,
    ): OutputMetadata[]
    deleteTensor(id: number): void
  }
}

/**
 * On TensorFlow's own handles: the bookkeeping of tensors costs several times what these small operations do. TensorFlow's
 * operations for whole sequences (BlockLSTM) are faster still, but damage the heap when a signal arrives meanwhile
 * (TensorFlow 2.18.1: `SIGUSR2` every half millisecond, with a handler, aborts the process within a second).
 */
function computeNatively(inputs: readonly tf.Tensor[], compute: StepComputation): tf.Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend
  const { binding } = backend
  const made = new Map<number, OutputMetadata>()
  const run = (name: string, attributes: readonly Attribute[], operands: readonly number[], outputs = 1): number[] =>
    binding.executeOp(name, attributes, operands, outputs).map((metadata) => {
      made.set(metadata.id, metadata)
      return metadata.id
    })
  const axis = tf.scalar(1, 'int32')
  try {
    const [second] = backend.getInputTensorIds([axis]) as [number]
    const results = compute(nativeOperations(binding, run, second), backend.getInputTensorIds(inputs))
    return results.map((id) => {
      const metadata = made.get(id) as OutputMetadata
      made.delete(id)
      return backend.createOutputTensor(metadata)
    })
  } finally {
    for (const id of made.keys()) binding.deleteTensor(id)
    axis.dispose()
  }
}

function nativeOperations(
  binding: NativeBackend['binding'],
  run: (name: string, attributes: readonly Attribute[], operands: readonly number[], outputs?: number) => number[],
  secondAxis: number,
): StepOperations<number> {
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_BOOL, TF_FLOAT, TF_INT32 } = binding
  const type: Attribute = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }
  const axisType: Attribute = { name: 'Tidx', type: TF_ATTR_TYPE, value: TF_INT32 }
  const number = (name: string, value: number): Attribute => ({ name, type: TF_ATTR_INT, value })
  const flag = (name: string): Attribute => ({ name, type: TF_ATTR_BOOL, value: false })
  const onlyType = [type]
  const product = [flag('transpose_a'), flag('transpose_b'), type]
  const quarters = [number('num_split', 4), type]
  const one = (name: string, attributes: readonly Attribute[], ...operands: readonly number[]): number =>
    run(name, attributes, operands)[0] as number
  return {
    product: (left, right) => one('MatMul', product, left, right),
    add: (left, right) => one('AddV2', onlyType, left, right),
    multiply: (left, right) => one('Mul', onlyType, left, right),
    sigmoid: (x) => one('Sigmoid', onlyType, x),
    tanh: (x) => one('Tanh', onlyType, x),
    quarters: (x) => run('Split', quarters, [secondAxis, x], 4) as [number, number, number, number],
    join: (parts) => one('ConcatV2', [number('N', parts.length), type, axisType], ...parts, secondAxis),
    stack: (parts) => one('Pack', [number('N', parts.length), type, number('axis', 0)], ...parts),
    unstack: (x, steps) => run('Unpack', [number('num', steps), type, number('axis', 0)], [x], steps),
  }
}
