import { readdir, readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { RapportError } from '@rapport/core'
import { openWasm } from './open-wasm.ts'

/** `auto` takes the best that works, in the order of BackendName; `native` refuses WebAssembly, `gpu` everything but a GPU. */
export type BackendSetting = 'auto' | 'native' | 'gpu' | 'wasm'
export type BackendName = 'native-gpu' | 'native-cpu' | 'wasm'

export interface BackendDescription {
  readonly name: BackendName
  /** Of TensorFlow's library where it is native, of TensorFlow.js otherwise. */
  readonly version: string
  /** The processor's name, and how many there are. */
  readonly device: string
  /** Why it is not the one before it in the order of BackendName; absent when that one was not asked for. */
  readonly fallbackReason?: string
}

interface NativeBackend {
  readonly isUsingGpuDevice: boolean
  readonly binding: { readonly TF_Version: string }
}

export interface BackendOptions {
  /** Loads the native library and registers it; replaced in tests. */
  readonly importNative?: () => Promise<unknown>
}

let current: BackendDescription | undefined

/**
 * Chooses what TensorFlow.js computes on, for the whole process. The native library reads `TF_CPP_MIN_LOG_LEVEL` (2: errors
 * alone), `TF_FORCE_GPU_ALLOW_GROWTH` and `CUDA_VISIBLE_DEVICES` when it loads: set them where the process is started.
 * Throws RPT_DEEP_BACKEND_UNAVAILABLE, and RPT_DEEP_GPU_UNAVAILABLE where a GPU is asked for and there is none.
 */
export async function openBackend(setting: BackendSetting, options: BackendOptions = {}): Promise<BackendDescription> {
  current = await choose(setting, options.importNative ?? (() => import('@tensorflow/tfjs-node-gpu')))
  return current
}

/** What `openBackend` chose last. Throws RPT_DEEP_BACKEND_UNAVAILABLE before the first call. */
export function describeBackend(): BackendDescription {
  if (current === undefined) throw new RapportError('RPT_DEEP_BACKEND_UNAVAILABLE', 'openBackend was not called')
  return current
}

async function choose(setting: BackendSetting, importNative: () => Promise<unknown>): Promise<BackendDescription> {
  if (setting === 'wasm') return describeWasm()
  const native = await tryNative(importNative)
  if (native instanceof Error) {
    const why = native.message.split('\n', 1)[0] ?? ''
    const problem = `the native library does not work (npm run setup:tensorflow brings it): ${why}`
    if (setting === 'auto') return { ...(await describeWasm()), fallbackReason: problem }
    const code = setting === 'gpu' ? 'RPT_DEEP_GPU_UNAVAILABLE' : 'RPT_DEEP_BACKEND_UNAVAILABLE'
    throw new RapportError(code, problem, { cause: native })
  }
  const version = native.binding.TF_Version
  if (native.isUsingGpuDevice) return { name: 'native-gpu', version, device: await gpuDevice() }
  const noGpu = 'the native library found no GPU that it can use'
  if (setting === 'gpu') throw new RapportError('RPT_DEEP_GPU_UNAVAILABLE', noGpu)
  return { name: 'native-cpu', version, device: cpuDevice(), ...(setting === 'auto' && { fallbackReason: noGpu }) }
}

/** Loading alone proves nothing: a library of the wrong kind fails at the first operation. */
async function tryNative(importNative: () => Promise<unknown>): Promise<NativeBackend | Error> {
  try {
    await importNative()
    await tf.setBackend('tensorflow')
    proveProduct()
    return tf.backend() as unknown as NativeBackend
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function describeWasm(): Promise<BackendDescription> {
  try {
    await openWasm()
    proveProduct()
  } catch (cause) {
    throw new RapportError('RPT_DEEP_BACKEND_UNAVAILABLE', `WebAssembly does not work: ${String(cause)}`, { cause })
  }
  return { name: 'wasm', version: tf.version_core, device: cpuDevice() }
}

function proveProduct(): void {
  const [product] = tf.tidy(() => tf.matMul(tf.tensor2d([[2, 3]]), tf.tensor2d([[5], [7]])).dataSync())
  if (product !== 31) throw new Error(`a matrix product is ${product}, not 31`)
}

function cpuDevice(): string {
  const processors = cpus()
  return `${processors[0]?.model.trim() ?? 'CPU'} x ${processors.length}`
}

const driverFolder = '/proc/driver/nvidia/gpus'

/** As the driver names them; the addon does not say. */
async function gpuDevice(): Promise<string> {
  try {
    const folders = await readdir(driverFolder)
    const files = folders.map((folder) => readFile(join(driverFolder, folder, 'information'), 'utf8'))
    const models = (await Promise.all(files)).map((text) => /^Model:\s*(.+)$/m.exec(text)?.[1] ?? 'GPU')
    return `${models[0] ?? 'GPU'} x ${models.length}`
  } catch {
    return 'GPU'
  }
}
