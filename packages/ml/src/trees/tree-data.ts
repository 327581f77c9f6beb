import { modelError } from '../errors.ts'
import type { TreeEnsemble } from './tree-ensemble.ts'

const arrayTypes = {
  roots: Int32Array,
  features: Int32Array,
  thresholds: Float32Array,
  left: Int32Array,
  right: Int32Array,
  missingLeft: Uint8Array,
  cover: Float32Array,
  leafValues: Float32Array,
} as const

type ArrayName = keyof typeof arrayTypes

/** A tree ensemble in two parts: what is JSON, and what is bytes. */
export interface TreeEnsembleData {
  readonly header: {
    readonly featureCount: number
    readonly outputs: number
    readonly leafWidth: number
    readonly link: TreeEnsemble['link']
    readonly scale: number
    readonly base: readonly number[]
  }
  readonly arrays: Pick<TreeEnsemble, ArrayName>
}

export function toTreeData(ensemble: TreeEnsemble): TreeEnsembleData {
  const { featureCount, outputs, leafWidth, link, scale, base, ...arrays } = ensemble
  return { header: { featureCount, outputs, leafWidth, link, scale, base: [...base] }, arrays }
}

/**
 * Reads what is not trusted: every node that can be reached has children after it, a feature that exists and finite values.
 * Throws RPT_ML_MODEL_INVALID.
 */
export function fromTreeData(data: {
  readonly header: unknown
  readonly arrays: Readonly<Record<string, unknown>>
}): TreeEnsemble {
  const ensemble = { ...readHeader(data.header), ...readArrays(data.arrays) }
  checkNodes(ensemble)
  const { base, outputs, leafValues, leafWidth } = ensemble
  if (base.length !== outputs) throw modelError('base', `has ${base.length} values, not ${outputs}`)
  if (leafWidth !== 1 && leafWidth !== outputs) throw modelError('leafWidth', `is ${leafWidth}`)
  if (leafValues.some((value) => !Number.isFinite(value)))
    throw modelError('leafValues', 'has a value that is not finite')
  return ensemble
}

function readHeader(header: unknown): Pick<TreeEnsemble, Exclude<keyof TreeEnsemble, ArrayName>> {
  if (typeof header !== 'object' || header === null) throw modelError('header', 'is not an object')
  const fields = header as Readonly<Record<string, unknown>>
  const positive = (name: string): number => {
    const value = fields[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
      throw modelError(name, `is ${JSON.stringify(value)}, not a positive integer`)
    }
    return value
  }
  const { link, scale, base } = fields
  if (link !== 'identity' && link !== 'logistic' && link !== 'softmax')
    throw modelError('link', `is ${JSON.stringify(link)}`)
  if (typeof scale !== 'number' || !Number.isFinite(scale)) throw modelError('scale', 'is not a finite number')
  if (!Array.isArray(base) || !base.every(Number.isFinite)) throw modelError('base', 'is not a list of finite numbers')
  const shape = {
    featureCount: positive('featureCount'),
    outputs: positive('outputs'),
    leafWidth: positive('leafWidth'),
  }
  return { ...shape, link, scale, base: Float64Array.from(base as number[]) }
}

function readArrays(arrays: Readonly<Record<string, unknown>>): Pick<TreeEnsemble, ArrayName> {
  for (const [name, type] of Object.entries(arrayTypes)) {
    if (!(arrays[name] instanceof type)) throw modelError(name, `is not a ${type.name}`)
  }
  const known = arrays as unknown as Pick<TreeEnsemble, ArrayName>
  const nodes = known.features.length
  for (const name of ['thresholds', 'left', 'right', 'missingLeft', 'cover'] as const) {
    if (known[name].length !== nodes) throw modelError(name, `has ${known[name].length} nodes, not ${nodes}`)
  }
  return known
}

function checkNodes({
  roots,
  features,
  thresholds,
  left,
  right,
  cover,
  leafValues,
  featureCount,
  leafWidth,
}: TreeEnsemble): void {
  const nodes = features.length
  for (const root of roots)
    if (!(root >= 0 && root < nodes)) throw modelError('roots', `names node ${root} of ${nodes}`)
  for (let node = 0; node < nodes; node += 1) {
    const feature = features[node] as number
    const first = left[node] as number
    const second = right[node] as number
    if (!((cover[node] as number) > 0 && Number.isFinite(cover[node])))
      throw modelError('cover', `of node ${node} is ${cover[node]}`)
    if (feature === -1) {
      if (!(first >= 0 && (first + 1) * leafWidth <= leafValues.length)) {
        throw modelError('left', `of leaf ${node} names values ${first}, which do not exist`)
      }
    } else {
      if (!(feature >= 0 && feature < featureCount)) throw modelError('features', `of node ${node} is ${feature}`)
      if (Number.isNaN(thresholds[node])) throw modelError('thresholds', `of node ${node} is NaN`)
      if (!(Math.min(first, second) > node && Math.max(first, second) < nodes)) {
        throw modelError('left or right', `of node ${node} is not a later node`)
      }
    }
  }
}
