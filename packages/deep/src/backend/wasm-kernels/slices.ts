import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs'
import { wasmKernel } from './wasm-memory.ts'

// The package's kernels copy the whole input for every part that is cut out of it: taking 32 steps apart cost 31 ms.

export const slice = wasmKernel<'x', { readonly begin: number | number[]; readonly size: number | number[] }>(
  ({ inputs: { x }, attrs: { begin, size }, backend }) => {
    const [from = [], sizes = []] = tf.slice_util.parseSliceParams(x, begin, size)
    tf.slice_util.assertParamsValid(x, from, sizes)
    return cut(backend, x, from, sizes)
  },
)

export const splitV = wasmKernel<'x', { readonly numOrSizeSplits: number | number[]; readonly axis: number }>(
  ({ inputs: { x }, attrs: { numOrSizeSplits, axis }, backend }) => {
    const along = tf.util.parseAxisParam(axis, x.shape)[0] as number
    const from = x.shape.map(() => 0)
    return tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along).map((length) => {
      const part = cut(backend, x, from, x.shape.with(along, length))
      from[along] = (from[along] as number) + length
      return part
    })
  },
)

export const unpack = wasmKernel<'value', { readonly axis: number }>(
  ({ inputs: { value }, attrs: { axis }, backend }) => {
    const along = axis < 0 ? axis + value.shape.length : axis
    const from = value.shape.map(() => 0)
    return Array.from({ length: value.shape[along] as number }, (_, position) => {
      from[along] = position
      const part = cut(backend, value, from, value.shape.with(along, 1))
      return { ...part, shape: value.shape.toSpliced(along, 1) }
    })
  },
)

const bytesOf: Readonly<Partial<Record<tf.DataType, number>>> = { float32: 4, int32: 4, bool: 1 }

/** The block of `sizes` that begins at `from`, copied run by run within the backend's memory. */
function cut(backend: BackendWasm, x: tf.TensorInfo, from: readonly number[], sizes: number[]): tf.TensorInfo {
  const width = bytesOf[x.dtype]
  if (width === undefined) throw new Error(`the WebAssembly backend cannot cut tensors of ${x.dtype}`)
  const out = backend.makeOutput(sizes, x.dtype)
  if (sizes.includes(0)) return out
  const source = backend.dataIdMap.get(x.dataId).memoryOffset
  let target = backend.dataIdMap.get(out.dataId).memoryOffset
  const { outer, run } = runsOf(x.shape, sizes)
  const strides = tf.util.computeStrides(x.shape).concat(1)
  const at = sizes.slice(0, outer).map(() => 0)
  const first = from.reduce((sum, position, axis) => sum + position * (strides[axis] as number), 0)
  const { HEAPU8: heap } = backend.wasm as unknown as { readonly HEAPU8: Uint8Array }
  for (let more = true; more; more = advance(at, sizes)) {
    const offset = at.reduce((sum, position, axis) => sum + position * (strides[axis] as number), first)
    const start = source + offset * width
    heap.copyWithin(target, start, start + run * width)
    target += run * width
  }
  return out
}

/** How many axes are walked through, and the elements that lie together below them. */
function runsOf(shape: readonly number[], sizes: readonly number[]): { readonly outer: number; readonly run: number } {
  let outer = shape.length
  let run = 1
  let isWhole = true
  while (outer > 0 && isWhole) {
    outer -= 1
    run *= sizes[outer] as number
    isWhole = sizes[outer] === shape[outer]
  }
  return { outer, run }
}

/** The next position in row-major order; false after the last. */
function advance(at: number[], sizes: readonly number[]): boolean {
  for (let axis = at.length - 1; axis >= 0; axis -= 1) {
    at[axis] = (at[axis] as number) + 1
    if ((at[axis] as number) < (sizes[axis] as number)) return true
    at[axis] = 0
  }
  return false
}
