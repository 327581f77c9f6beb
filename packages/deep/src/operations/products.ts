import * as tf from '@tensorflow/tfjs'

// The WebAssembly backend multiplies transposed operands in a plain loop: there, transposing first is many times faster.
const isWasm = (): boolean => tf.getBackend() === 'wasm'

/** `left^T right`. */
export const productOfTransposed = (left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D =>
  isWasm() ? tf.matMul(left.transpose(), right) : tf.matMul(left, right, true, false)

/** `left right^T`. */
export const productWithTransposed = (left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D =>
  isWasm() ? tf.matMul(left, right.transpose()) : tf.matMul(left, right, false, true)
