import { argumentError } from '../errors.ts'
import { tilesWasm } from './tiles-wasm.ts'

/** One operand of an update: where it starts and how far apart its rows are, in doubles. */
export interface TileOperand {
  readonly start: number
  readonly step: number
}

type Update = (...parameters: number[]) => void

/** The little of the WebAssembly API that is used here; the compiler's library for Node has no declaration of it. */
interface WebAssemblyApi {
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

const wasm = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly

const pageBytes = 65_536

/**
 * Doubles in a memory of their own on which `tiles.wat` works: vector instructions, which a plain loop over a Float64Array does
 * not get (measured: 2 against 6 billion multiplications a second).
 */
export class TileMemory {
  readonly doubles: Float64Array
  private readonly run: Update

  /** Throws RPT_ML_ARGUMENT_INVALID when 4 GiB do not hold that many doubles. */
  constructor(length: number) {
    const pages = Math.ceil((8 * length) / pageBytes)
    if (!(pages <= 65_536)) throw argumentError('length', `is ${length}: more doubles than 4 GiB hold`)
    const memory = new wasm.Memory({ initial: pages })
    const { exports } = new wasm.Instance(compiled(), { tiles: { memory } })
    this.run = exports['update'] as Update
    this.doubles = new Float64Array(memory.buffer, 0, length)
  }

  /**
   * For `tiles` tiles side by side, 4 x 4 each: `C[r, 4 t + c] += scale * sum over s < depth of A[s, r] * B_t[s, c]`, where
   * `B_t` starts `nextTile` doubles after `B_(t-1)`.
   */
  update(c: TileOperand, a: TileOperand, b: TileOperand, product: TileProduct): void {
    const { depth, tiles, nextTile, scale } = product
    this.run(
      8 * c.start,
      8 * c.step,
      8 * a.start,
      8 * a.step,
      8 * b.start,
      8 * b.step,
      8 * nextTile,
      depth,
      tiles,
      scale,
    )
  }
}

export interface TileProduct {
  readonly depth: number
  readonly tiles: number
  readonly nextTile: number
  readonly scale: number
}

let module: object | undefined

function compiled(): object {
  module ??= new wasm.Module(Buffer.from(tilesWasm, 'base64'))
  return module
}
