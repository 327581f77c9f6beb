import { endianness } from 'node:os'
import { RapportError } from '@rapport/core'

/** The files of a bundle by path. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>

export const bundleError = (path: string, problem: string, cause?: unknown): RapportError =>
  new RapportError('RPT_ML_BUNDLE_INVALID', `${path}: ${problem}`, cause === undefined ? {} : { cause })

const swapsBytes = endianness() === 'BE'

/** Collects the files of a bundle. */
export class BundleWriter {
  readonly files = new Map<string, Uint8Array>()

  bytes(path: string, content: Uint8Array): void {
    this.files.set(path, content)
  }

  json(path: string, value: unknown): void {
    this.bytes(path, new TextEncoder().encode(JSON.stringify(value)))
  }

  array(path: string, values: Float32Array | Float64Array | Int32Array): void {
    const content = new Uint8Array(values.byteLength)
    content.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    if (swapsBytes) swapBytes(content, values.BYTES_PER_ELEMENT)
    this.bytes(path, content)
  }
}

/** Reads the files of a bundle and trusts none of them: every problem is a RPT_ML_BUNDLE_INVALID that names the file. */
export class BundleReader {
  private readonly files: BundleFiles

  constructor(files: BundleFiles) {
    this.files = files
  }

  bytes(path: string): Uint8Array {
    const content = this.files.get(path)
    if (content === undefined) throw bundleError(path, 'is missing')
    return content
  }

  json(path: string): unknown {
    const content = this.bytes(path)
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
    } catch (cause) {
      throw bundleError(path, 'is not JSON', cause)
    }
  }

  record(path: string): Readonly<Record<string, unknown>> {
    const value = this.json(path)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bundleError(path, 'is not an object')
    return value as Record<string, unknown>
  }

  /** `length` finite numbers, none below `minimum`. */
  floats(path: string, length: number | undefined, limits: { readonly minimum?: number } = {}): Float32Array {
    const values = new Float32Array(...this.view(path, 4, length))
    checkFinite(path, values, limits.minimum)
    return values
  }

  doubles(path: string, length: number): Float64Array {
    const values = new Float64Array(...this.view(path, 8, length))
    checkFinite(path, values, undefined)
    return values
  }

  /** Row starts of `rows` rows: from 0, never falling. */
  starts(path: string, rows: number): Int32Array {
    const values = new Int32Array(...this.view(path, 4, rows + 1))
    if (values[0] !== 0) throw bundleError(path, 'does not start at 0')
    for (let row = 0; row < rows; row += 1) {
      if ((values[row + 1] as number) < (values[row] as number)) throw bundleError(path, `falls after entry ${row}`)
    }
    return values
  }

  /** `length` indices within 0 .. size - 1. */
  indices(path: string, length: number, size: number): Int32Array {
    const values = new Int32Array(...this.view(path, 4, length))
    for (let entry = 0; entry < length; entry += 1) {
      const index = values[entry] as number
      if (index < 0 || index >= size) throw bundleError(path, `entry ${entry} is ${index}, not within 0..${size - 1}`)
    }
    return values
  }

  integers(path: string, length: number): Int32Array {
    return new Int32Array(...this.view(path, 4, length))
  }

  private view(path: string, width: number, expected: number | undefined): [ArrayBufferLike, number, number] {
    const content = this.bytes(path)
    const length = expected ?? Math.floor(content.byteLength / width)
    if (content.byteLength !== length * width) {
      throw bundleError(path, `has ${content.byteLength} bytes, not ${length * width}`)
    }
    if (content.byteOffset % width === 0 && !swapsBytes) return [content.buffer, content.byteOffset, length]
    const copy = content.slice()
    if (swapsBytes) swapBytes(copy, width)
    return [copy.buffer, copy.byteOffset, length]
  }
}

function checkFinite(path: string, values: Float32Array | Float64Array, minimum: number | undefined): void {
  for (let entry = 0; entry < values.length; entry += 1) {
    const value = values[entry] as number
    if (!Number.isFinite(value)) throw bundleError(path, `entry ${entry} is ${value}`)
    if (minimum !== undefined && value < minimum)
      throw bundleError(path, `entry ${entry} is ${value}, below ${minimum}`)
  }
}

function swapBytes(content: Uint8Array, width: number): void {
  for (let at = 0; at < content.length; at += width) content.subarray(at, at + width).reverse()
}
