import { BundleFields, bundleError, type BundleReader, type BundleWriter, type TreeEnsemble } from '@rapport/ml'

const header = 'trees/trees.json'

export function writeTrees(writer: BundleWriter, ensemble: TreeEnsemble): void {
  const { outputs, leafWidth, link, scale, base, roots, features, thresholds, left, right, missingLeft } = ensemble
  const { cover, leafValues } = ensemble
  const counts = { trees: roots.length, nodes: features.length, leaves: leafValues.length / leafWidth }
  writer.json(header, { outputs, leafWidth, link, scale, ...counts })
  writer.array('trees/base.f64', base)
  writer.array('trees/roots.i32', roots)
  writer.array('trees/features.i32', features)
  writer.array('trees/thresholds.f32', thresholds)
  writer.array('trees/left.i32', left)
  writer.array('trees/right.i32', right)
  writer.bytes('trees/missing-left.u8', Uint8Array.from(missingLeft))
  writer.array('trees/cover.f32', cover)
  writer.array('trees/leaf-values.f32', leafValues)
}

/** Throws RPT_ML_BUNDLE_INVALID. */
export function readTrees(
  reader: BundleReader,
  { classes, features: featureCount }: { readonly classes: number; readonly features: number },
): TreeEnsemble {
  const fields = new BundleFields(header, reader.record(header))
  const [outputs, leafWidth, trees, nodes, leaves] = ['outputs', 'leafWidth', 'trees', 'nodes', 'leaves'].map((name) =>
    fields.count(name),
  ) as [number, number, number, number, number]
  const link = fields.choice('link', ['identity', 'logistic', 'softmax'])
  if (outputs !== (link === 'logistic' ? 1 : classes) || (link === 'logistic' && classes !== 2)) {
    throw bundleError(header, `${outputs} outputs, ${link}, are not ${classes} classes`)
  }
  if (leafWidth !== 1 && leafWidth !== outputs) throw bundleError(header, `leafWidth is ${leafWidth}`)
  const ensemble: TreeEnsemble = {
    featureCount,
    outputs,
    leafWidth,
    link,
    scale: fields.number('scale'),
    base: reader.doubles('trees/base.f64', outputs),
    roots: reader.indices('trees/roots.i32', trees, nodes),
    features: reader.integers('trees/features.i32', nodes),
    thresholds: reader.floats('trees/thresholds.f32', nodes),
    left: reader.integers('trees/left.i32', nodes),
    right: reader.integers('trees/right.i32', nodes),
    missingLeft: reader.bytes('trees/missing-left.u8'),
    cover: reader.floats('trees/cover.f32', nodes, { minimum: 0 }),
    leafValues: reader.floats('trees/leaf-values.f32', leaves * leafWidth),
  }
  checkNodes(ensemble, leaves)
  return ensemble
}

function checkNodes({ featureCount, features, left, right, missingLeft, cover }: TreeEnsemble, leaves: number): void {
  const nodes = features.length
  if (missingLeft.length !== nodes) {
    throw bundleError('trees/missing-left.u8', `has ${missingLeft.length} bytes, not ${nodes}`)
  }
  for (let node = 0; node < nodes; node += 1) {
    const feature = features[node] as number
    if (feature < -1 || feature >= featureCount) {
      throw bundleError('trees/features.i32', `entry ${node} is ${feature}, no feature`)
    }
    if (feature === -1) {
      const leaf = left[node] as number
      if (leaf < 0 || leaf >= leaves) throw bundleError('trees/left.i32', `entry ${node} is ${leaf}, no leaf`)
      continue
    }
    for (const [name, children] of [['left', left] as const, ['right', right] as const]) {
      const child = children[node] as number
      // Children come after their parent, so that every walk ends.
      if (child <= node || child >= nodes) throw bundleError(`trees/${name}.i32`, `entry ${node} is ${child}, no child`)
    }
    if (!((cover[node] as number) > 0)) throw bundleError('trees/cover.f32', `entry ${node} is 0, yet it has children`)
  }
}
