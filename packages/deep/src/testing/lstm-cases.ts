import * as tf from '@tensorflow/tfjs'
import { lstmSequence } from '../operations/lstm-sequence.ts'
import { signedTensor } from './kernel-cases.ts'

const [steps, batch, inputs, units] = [5, 3, 4, 6]

interface Operands {
  readonly x: tf.Tensor3D
  readonly kernel: tf.Tensor2D
  readonly recurrent: tf.Tensor2D
  readonly bias: tf.Tensor1D
  readonly factors: tf.Tensor3D
}

const operands = (): Operands => ({
  x: signedTensor([steps, batch, inputs], 1) as tf.Tensor3D,
  kernel: signedTensor([inputs, 4 * units], 2) as tf.Tensor2D,
  recurrent: signedTensor([units, 4 * units], 3) as tf.Tensor2D,
  bias: signedTensor([4 * units], 4) as tf.Tensor1D,
  factors: signedTensor([steps, batch, units], 5) as tf.Tensor3D,
})

/** The states, and the gradients of a sum over them by x, kernel, recurrent kernel and bias. */
export function statesAndGradients(): tf.Tensor[] {
  const { x, kernel, recurrent, bias, factors } = operands()
  const differentiate = tf.valueAndGrads((x, kernel, recurrent, bias) => {
    const weights = { kernel: kernel as tf.Tensor2D, recurrent: recurrent as tf.Tensor2D, bias: bias as tf.Tensor1D }
    return lstmSequence(x as tf.Tensor3D, weights)
      .mul<tf.Tensor>(factors)
      .sum<tf.Scalar>()
  })
  const { grads } = differentiate([x, kernel, recurrent, bias])
  return [lstmSequence(x, { kernel, recurrent, bias }), ...grads]
}

/** The same by TensorFlow.js's layer, which runs and differentiates operation by operation. */
export function statesAndGradientsOfLayer(): tf.Tensor[] {
  const { x, kernel, recurrent, bias, factors } = operands()
  const layer = tf.layers.lstm({ units, recurrentActivation: 'sigmoid', returnSequences: true })
  const apply = (x: tf.Tensor): tf.Tensor3D =>
    (layer.apply(x.transpose([1, 0, 2])) as tf.Tensor3D).transpose<tf.Tensor3D>([1, 0, 2])
  apply(x)
  layer.setWeights([kernel, recurrent, bias])
  const sum = (x: tf.Tensor): tf.Scalar => apply(x).mul<tf.Tensor>(factors).sum<tf.Scalar>()
  const ofX = tf.grad(sum)(x)
  const { grads } = tf.variableGrads(() => sum(x))
  const results = [apply(x), ofX, ...layer.trainableWeights.map(({ name }) => grads[name] as tf.Tensor)]
  layer.dispose()
  return results
}
