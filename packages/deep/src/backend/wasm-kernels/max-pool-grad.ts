import * as tf from '@tensorflow/tfjs'
import { floatsOf, wasmKernel } from './wasm-memory.ts'

interface Attributes {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/** Each window's gradient goes to its first largest value, whatever its sign (the package's kernel wants a positive one). */
export const maxPoolGrad = wasmKernel<'dy' | 'input', Attributes>(({ inputs: { dy, input }, attrs, backend }) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs
  const shape = input.shape as [number, number, number, number]
  const pool = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
  const out = backend.makeOutput(shape, 'float32')
  const gradient = floatsOf(backend, out).fill(0)
  const values = floatsOf(backend, input)
  const incoming = floatsOf(backend, dy)
  const [batch, , , channels] = shape
  let at = 0
  for (let image = 0; image < batch; image += 1) {
    for (let row = 0; row < pool.outHeight; row += 1) {
      for (let column = 0; column < pool.outWidth; column += 1) {
        const window = windowOf(pool, image, row, column)
        for (let channel = 0; channel < channels; channel += 1) {
          const target = argMax(values, window, pool, channel)
          gradient[target] = (gradient[target] as number) + (incoming[at++] as number)
        }
      }
    }
  }
  return out
})

type Pool = ReturnType<typeof tf.backend_util.computePool2DInfo>

interface Window {
  /** Pixels of all images before the image's first. */
  readonly image: number
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

function windowOf(pool: Pool, image: number, row: number, column: number): Window {
  const top = row * pool.strideHeight - pool.padInfo.top
  const left = column * pool.strideWidth - pool.padInfo.left
  return {
    image: image * pool.inHeight * pool.inWidth,
    top: Math.max(0, top),
    bottom: Math.min(pool.inHeight, top + pool.filterHeight),
    left: Math.max(0, left),
    right: Math.min(pool.inWidth, left + pool.filterWidth),
  }
}

function argMax(values: Float32Array, window: Window, pool: Pool, channel: number): number {
  const { inWidth, inChannels } = pool
  let best = -1
  let largest = 0
  for (let row = window.top; row < window.bottom; row += 1) {
    for (let column = window.left; column < window.right; column += 1) {
      const at = (window.image + row * inWidth + column) * inChannels + channel
      const value = values[at] as number
      if (best >= 0 && value <= largest) continue
      best = at
      largest = value
    }
  }
  return best
}
