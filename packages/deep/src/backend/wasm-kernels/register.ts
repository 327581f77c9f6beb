import * as tf from '@tensorflow/tfjs'
import { conv2dBackpropFilter } from './conv2d-backprop-filter.ts'
import { conv2dBackpropInput } from './conv2d-backprop-input.ts'
import { maxPoolGrad } from './max-pool-grad.ts'
import { slice, splitV, unpack } from './slices.ts'
import { unsortedSegmentSum } from './unsorted-segment-sum.ts'

/** What training needs and the WebAssembly backend 4.22 lacks, gets wrong (MaxPoolGrad) or is very slow at (Conv2DBackpropInput, the slices). */
const kernels: Readonly<Record<string, tf.KernelFunc>> = {
  UnsortedSegmentSum: unsortedSegmentSum,
  Conv2DBackpropFilter: conv2dBackpropFilter,
  Conv2DBackpropInput: conv2dBackpropInput,
  MaxPoolGrad: maxPoolGrad,
  Slice: slice,
  SplitV: splitV,
  Unpack: unpack,
}

/** Puts our kernels in place of those of the package, which has registered its own by now. */
export function registerWasmKernels(): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const present = tf.getKernel(kernelName, 'wasm')
    if (present?.kernelFunc === kernelFunc) continue
    if (present !== undefined) tf.unregisterKernel(kernelName, 'wasm')
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc })
  }
}
