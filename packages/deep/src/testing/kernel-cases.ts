import * as tf from '@tensorflow/tfjs'

type Case = () => tf.Tensor[]

/** A reproducible tensor with values of both signs. */
export function signedTensor(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', seed)
}

const pads = ['same', 'valid'] as const
const grid = pads.flatMap((pad) => [1, 2].map((stride) => ({ pad, stride })))

const convolutions = grid.map(({ pad, stride }): [string, Case] => [
  `conv2d, ${pad}, stride ${stride}`,
  () => {
    const gradients = tf.grads((x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad).square())
    return gradients([signedTensor([2, 7, 6, 3], 1), signedTensor([3, 2, 3, 4], 2)])
  },
])
const textConvolutions = grid.map(({ pad, stride }): [string, Case] => [
  `conv1d, ${pad}, stride ${stride}`,
  () => {
    const gradients = tf.grads((x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, stride, pad).square())
    return gradients([signedTensor([2, 9, 3], 3), signedTensor([4, 3, 5], 4)])
  },
])
const pools = grid.map(({ pad, stride }): [string, Case] => [
  `maxPool of negative values, ${pad}, stride ${stride}`,
  () => {
    const gradient = tf.grad((x) => tf.maxPool(x as tf.Tensor4D, [3, 2], stride, pad).square())
    return [gradient(signedTensor([2, 7, 6, 3], 5).abs().add(0.5).neg())]
  },
])

const cuts: [string, Case][] = [
  ['slice of every axis', () => [signedTensor([3, 4, 5, 2], 8).slice([1, 0, 2, 0], [2, 4, 2, 1])]],
  ['slice of the first axis', () => [signedTensor([6, 4, 2], 9).slice(2, 3)]],
  [
    'slice of a vector, of booleans, of nothing',
    () => [
      signedTensor([9], 10).slice(4),
      signedTensor([4, 3], 11).greater(0).slice([1, 1], [2, 2]).cast('float32'),
      signedTensor([4, 3], 12).slice([1, 1], [0, 2]),
    ],
  ],
  [
    'split',
    () => [...tf.split(signedTensor([3, 6, 2], 13), [1, 3, 2], 1), ...tf.split(signedTensor([4, 2], 14), 2, -2)],
  ],
  ['unstack', () => [...tf.unstack(signedTensor([3, 2, 4], 15)), ...tf.unstack(signedTensor([3, 2, 4], 16), -1)]],
]

/** Computations that need the kernels of ours, by title: every backend must give the same. */
export const kernelCases: readonly [string, Case][] = [
  ...convolutions,
  ...textConvolutions,
  ...pools,
  ...cuts,
  [
    'gather, ids twice and never',
    () => {
      const gradient = tf.grad((table) =>
        tf
          .gather(
            table,
            tf.tensor2d(
              [
                [0, 3, 3],
                [1, 0, 3],
              ],
              [2, 3],
              'int32',
            ),
          )
          .square(),
      )
      return [gradient(signedTensor([5, 4], 6))]
    },
  ],
  [
    'unsortedSegmentSum of several axes',
    () => [tf.unsortedSegmentSum(signedTensor([6, 2, 3], 7), tf.tensor1d([2, 0, 2, 3, -1, 2], 'int32'), 4)],
  ],
]

/** The results of a case on the backend of that name. */
export async function runOn(backend: string, compute: Case): Promise<Float32Array[]> {
  await tf.setBackend(backend)
  const results = tf.tidy(compute)
  const values = results.map((tensor) => tensor.dataSync<'float32'>().slice())
  tf.dispose(results)
  return values
}

/** The largest difference between the numbers of two results, relative to those above 1; lengths must agree. */
export function largestDifference(left: readonly Float32Array[], right: readonly Float32Array[]): number {
  let largest = left.length === right.length ? 0 : Infinity
  for (const [index, values] of left.entries()) {
    const others = right[index]
    if (values.length !== others?.length) return Infinity
    for (const [at, value] of values.entries()) {
      const other = others[at] as number
      largest = Math.max(largest, Math.abs(value - other) / Math.max(1, Math.abs(other)))
    }
  }
  return largest
}
