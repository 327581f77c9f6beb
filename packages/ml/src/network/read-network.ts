import { bundleError, BundleReader, type BundleFiles } from '../bundle-files.ts'
import { arrayShapes, type NetworkForm, type NetworkModel } from './network-model.ts'

const path = 'model.json'

/**
 * Reads a network that `@rapport/deep` saved in TensorFlow.js's layers format (`model.json` and `weights.bin`). The arrays
 * are views of the given bytes where these are aligned. Throws RPT_ML_BUNDLE_INVALID, naming file and problem, on anything
 * missing, of a wrong size or not finite.
 */
export function readNetwork(files: BundleFiles): NetworkModel {
  const reader = new BundleReader(files)
  const description = reader.record(path)
  const form = readForm(record(record(description['userDefinedMetadata'])['network']))
  const shapes = arrayShapes(form)
  const expected = shapes.map(([name, shape]) => ({ name, shape, dtype: 'float32' }))
  const manifest = [{ paths: ['weights.bin'], weights: expected }]
  // Written by us in this form alone, so that any difference is damage.
  if (JSON.stringify(description['weightsManifest']) !== JSON.stringify(manifest))
    throw bundleError(path, 'weightsManifest is not that of the network it describes')
  const sizes = shapes.map(([, shape]) => shape.reduce((product, size) => product * size, 1))
  const values = reader.floats(
    'weights.bin',
    sizes.reduce((sum, size) => sum + size, 0),
  )
  let at = 0
  const arrays = new Map<string, Float32Array>()
  for (const [index, [name]] of shapes.entries()) {
    const size = sizes[index] as number
    arrays.set(name, values.subarray(at, at + size))
    at += size
  }
  return { form, arrays }
}

type Json = Readonly<Record<string, unknown>>

function record(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw bundleError(path, 'userDefinedMetadata.network is not an object')
}

function readForm(value: Json): NetworkForm {
  const count = (name: string): number => readCount(value, name)
  const activation = choice(value, 'activation', ['softmax', 'linear'])
  const [vocabulary, length, embedding, outputs] = ['vocabulary', 'length', 'embedding', 'outputs'].map(count) as [
    number,
    number,
    number,
    number,
  ]
  const base = { vocabulary, length, embedding, outputs, activation }
  const kind = choice(value, 'kind', ['text-cnn', 'lstm', 'bilstm', 'cnn-lstm'])
  if (kind === 'text-cnn') return { ...base, kind, windows: readWindows(value, length), filters: count('filters') }
  const readout = value['readout'] === undefined ? 'last' : choice(value, 'readout', ['last', 'max'])
  if (kind !== 'cnn-lstm') return { ...base, kind, units: count('units'), readout }
  const pool = count('pool')
  if (pool > length) throw bundleError(path, `network.pool is ${pool}, more than the length`)
  return { ...base, kind, readout, pool, window: count('window'), filters: count('filters'), units: count('units') }
}

function readCount(value: Json, name: string): number {
  const count = value[name]
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1) return count
  throw bundleError(path, `network.${name} is not a positive integer`)
}

function choice<T extends string>(value: Json, name: string, choices: readonly T[]): T {
  const chosen = choices.find((candidate) => candidate === value[name])
  if (chosen === undefined) throw bundleError(path, `network.${name} is none of ${choices.join(', ')}`)
  return chosen
}

function readWindows(value: Json, length: number): readonly number[] {
  const windows: unknown = value['windows']
  const fits = (window: unknown): window is number =>
    Number.isInteger(window) && Number(window) >= 1 && Number(window) <= length
  if (!Array.isArray(windows) || windows.length === 0 || !windows.every(fits) || new Set(windows).size < windows.length)
    throw bundleError(path, 'network.windows is not a list of different widths within the length')
  return windows
}
