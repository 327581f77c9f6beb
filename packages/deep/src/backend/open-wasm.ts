import * as tf from '@tensorflow/tfjs'
import { registerWasmKernels } from './wasm-kernels/register.ts'

/** Loads the WebAssembly backend with the kernels of ours, and makes it the one in use. */
export async function openWasm(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm')
  registerWasmKernels()
  if (!(await tf.setBackend('wasm'))) throw new Error('the backend could not be started')
}
