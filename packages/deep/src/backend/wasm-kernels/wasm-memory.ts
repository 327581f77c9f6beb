import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type * as tf from '@tensorflow/tfjs'

/** What a kernel of the WebAssembly backend is called with. */
export interface WasmKernelArguments<Input extends string, Attributes> {
  readonly inputs: Readonly<Record<Input, tf.TensorInfo>>
  readonly attrs: Attributes
  readonly backend: BackendWasm
}

/** The types of a kernel's arguments follow from its name: TensorFlow.js passes them untyped. */
export function wasmKernel<Input extends string, Attributes>(
  compute: (call: WasmKernelArguments<Input, Attributes>) => tf.TensorInfo | tf.TensorInfo[],
): tf.KernelFunc {
  return (call) => compute(call as unknown as WasmKernelArguments<Input, Attributes>)
}

/** Views of tensors in the backend's memory. Allocating makes older views useless: take them after the last allocation. */
export const floatsOf = (backend: BackendWasm, info: tf.TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(info) as Float32Array
export const integersOf = (backend: BackendWasm, info: tf.TensorInfo): Int32Array =>
  backend.typedArrayFromHeap(info) as Int32Array
