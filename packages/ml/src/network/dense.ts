import { argumentError } from '../errors.ts'
import { denseWasm } from './dense-wasm.ts'

/** The little of the WebAssembly API that is used here; the compiler's library for Node has no declaration of it. */
interface WebAssemblyApi {
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

const wasm = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly

const pageBytes = 65_536
/** Outputs that `dense.wat` computes together. */
const block = 16

/** A matrix that vectors are multiplied with, in a memory of its own: vector instructions, which a loop over an array has not. */
export class Dense {
  /** The vector to multiply; written by the caller. */
  readonly input: Float32Array
  /** What the product is added to. */
  readonly output: Float32Array
  private readonly run: () => void

  /** `weights` is inputs x outputs, row-major. Throws RPT_ML_ARGUMENT_INVALID when 4 GiB do not hold it. */
  constructor(weights: Float32Array, outputs: number) {
    const inputs = weights.length / outputs
    const blocks = Math.ceil(outputs / block)
    const outputAt = block * blocks * inputs
    const inputAt = outputAt + block * blocks
    const pages = Math.ceil((4 * (inputAt + inputs)) / pageBytes)
    if (!(pages <= 65_536)) throw argumentError('weights', `are ${weights.length}: more than 4 GiB hold`)
    const memory = new wasm.Memory({ initial: pages })
    const { exports } = new wasm.Instance(compiled(), { dense: { memory } })
    const addProduct = exports['add_product'] as (...addresses: number[]) => void
    const floats = new Float32Array(memory.buffer)
    for (let input = 0; input < inputs; input += 1) {
      for (let output = 0; output < outputs; output += 1) {
        const at = (Math.floor(output / block) * inputs + input) * block + (output % block)
        floats[at] = weights[input * outputs + output] as number
      }
    }
    this.output = floats.subarray(outputAt, outputAt + outputs)
    this.input = floats.subarray(inputAt, inputAt + inputs)
    this.run = () => addProduct(4 * inputAt, 0, 4 * outputAt, inputs, blocks)
  }

  /** `output += input weights`. */
  addProduct(): void {
    this.run()
  }
}

let module: object | undefined

function compiled(): object {
  module ??= new wasm.Module(Buffer.from(denseWasm, 'base64'))
  return module
}
