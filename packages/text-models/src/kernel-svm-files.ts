import { BundleFields, bundleError, type BundleReader, type BundleWriter, type KernelSvmModel } from '@rapport/ml'

const header = 'kernel-svm/kernel-svm.json'

export function writeKernelSvm(writer: BundleWriter, model: KernelSvmModel): void {
  const { gamma, supportVectors, pairStarts, vectors, coefficients, intercepts } = model
  writer.json(header, { gamma, supportVectors: supportVectors.rows })
  writer.array('kernel-svm/starts.i32', supportVectors.starts)
  writer.array('kernel-svm/indices.i32', supportVectors.indices)
  writer.array('kernel-svm/values.f32', supportVectors.values)
  writer.array('kernel-svm/pair-starts.i32', pairStarts)
  writer.array('kernel-svm/vectors.i32', vectors)
  writer.array('kernel-svm/coefficients.f64', coefficients)
  writer.array('kernel-svm/intercepts.f64', intercepts)
}

/** Throws RPT_ML_BUNDLE_INVALID. */
export function readKernelSvm(
  reader: BundleReader,
  { classes, features }: { readonly classes: number; readonly features: number },
): KernelSvmModel {
  const fields = new BundleFields(header, reader.record(header))
  const gamma = fields.number('gamma')
  if (!(gamma > 0)) throw bundleError(header, 'gamma is not positive')
  const rows = fields.count('supportVectors')
  const starts = reader.starts('kernel-svm/starts.i32', rows)
  const entries = starts[rows] as number
  const pairs = (classes * (classes - 1)) / 2
  const pairStarts = reader.starts('kernel-svm/pair-starts.i32', pairs)
  const members = pairStarts[pairs] as number
  return {
    classes,
    gamma,
    supportVectors: {
      rows,
      columns: features,
      starts,
      indices: reader.indices('kernel-svm/indices.i32', entries, features),
      values: reader.floats('kernel-svm/values.f32', entries),
    },
    pairStarts,
    vectors: reader.indices('kernel-svm/vectors.i32', members, rows),
    coefficients: reader.doubles('kernel-svm/coefficients.f64', members),
    intercepts: reader.doubles('kernel-svm/intercepts.f64', pairs),
  }
}
