import * as tf from '@tensorflow/tfjs'

interface Differentiable<Value extends tf.Tensor> {
  readonly value: Value
  /** The gradients of the inputs, in their order, from that of the value and what was saved. */
  readonly gradFunc: (dy: Value, saved: tf.Tensor[]) => tf.Tensor[]
}

/** One operation of the gradient tape with a gradient of its own: `tf.customGrad`, with types. */
export function differentiable<Value extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  compute: (save: (tensors: tf.Tensor[]) => void) => Differentiable<Value>,
): Value {
  const operation = tf.customGrad((...call) => {
    const save = call.at(-1) as unknown as (tensors: tf.Tensor[]) => void
    const { value, gradFunc } = compute(save)
    return { value, gradFunc: (dy, saved) => gradFunc(dy as Value, saved) }
  })
  return operation(...inputs) as Value
}
