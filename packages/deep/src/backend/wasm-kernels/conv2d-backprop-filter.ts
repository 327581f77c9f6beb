import * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './wasm-memory.ts'

interface Attributes {
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
  readonly filterShape: [number, number, number, number]
}

/**
 * Gradient of a convolution's filter (height x width x in x out): for each tap of the filter, the pixels of the padded input
 * that it was laid on, transposed, times `dy`. All taps are one matrix product; the transposition is explicit because the
 * backend's product with transposed operands is a plain loop.
 */
export const conv2dBackpropFilter = wasmKernel<'x' | 'dy', Attributes>(({ inputs, attrs }) =>
  tf.tidy(() => {
    // The engine hands tensors to kernels. A second tensor on the same data would free it.
    const x = inputs.x as tf.Tensor4D
    const dy = inputs.dy as tf.Tensor4D
    const { filterShape, strides, pad, dimRoundingMode } = attrs
    const shape = x.shape
    const { outHeight, outWidth, outChannels, strideHeight, strideWidth, padInfo, inChannels } =
      tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode)
    const { top, bottom, left, right } = padInfo
    const padded: tf.Tensor4D = tf.pad(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ])
    const end = (from: number, outputs: number, stride: number): number => from + (outputs - 1) * stride + 1
    const taps: tf.Tensor4D[] = []
    for (let row = 0; row < filterShape[0]; row += 1) {
      for (let column = 0; column < filterShape[1]; column += 1) {
        const stop = [shape[0], end(row, outHeight, strideHeight), end(column, outWidth, strideWidth), inChannels]
        taps.push(padded.stridedSlice([0, row, column, 0], stop, [1, strideHeight, strideWidth, 1]) as tf.Tensor4D)
      }
    }
    const outputs = shape[0] * outHeight * outWidth
    const columns = tf.concat(taps, 3).reshape<tf.Tensor2D>([outputs, taps.length * inChannels])
    return tf.matMul(columns.transpose(), dy.reshape<tf.Tensor2D>([outputs, outChannels])).reshape(filterShape)
  }),
)
