import { BundleFields } from '../bundle-fields.ts'
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
  const description = new BundleFields(path, reader.record(path))
  const form = readForm(description.object('userDefinedMetadata').object('network'))
  const shapes = arrayShapes(form)
  const expected = shapes.map(([name, shape]) => ({ name, shape, dtype: 'float32' }))
  const manifest = [{ paths: ['weights.bin'], weights: expected }]
  // Written by us in this form alone, so that any difference is damage.
  if (JSON.stringify(description.values['weightsManifest']) !== JSON.stringify(manifest))
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

function readForm(fields: BundleFields): NetworkForm {
  const base = {
    vocabulary: fields.count('vocabulary'),
    length: fields.count('length'),
    embedding: fields.count('embedding'),
    outputs: fields.count('outputs'),
    activation: fields.choice('activation', ['softmax', 'linear']),
  }
  const { length } = base
  const kind = fields.choice('kind', ['text-cnn', 'lstm', 'bilstm', 'cnn-lstm'])
  if (kind === 'text-cnn')
    return { ...base, kind, windows: readWindows(fields, length), filters: fields.count('filters') }
  const readout = fields.values['readout'] === undefined ? 'last' : fields.choice('readout', ['last', 'max'])
  if (kind !== 'cnn-lstm') return { ...base, kind, units: fields.count('units'), readout }
  const pool = fields.count('pool')
  if (pool > length) throw fields.error('pool', `is ${pool}, more than the length`)
  const [window, filters, units] = [fields.count('window'), fields.count('filters'), fields.count('units')]
  return { ...base, kind, readout, pool, window, filters, units }
}

function readWindows(fields: BundleFields, length: number): readonly number[] {
  const windows = fields.numbers('windows')
  const fits = windows.every((window) => Number.isInteger(window) && window >= 1 && window <= length)
  if (windows.length === 0 || !fits || new Set(windows).size < windows.length)
    throw fields.error('windows', 'is not a list of different widths within the length')
  return windows
}
