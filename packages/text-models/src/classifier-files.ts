import {
  BundleFields,
  bundleError,
  BundleReader,
  BundleWriter,
  readNetwork,
  type BundleFiles,
  type LinearModel,
} from '@rapport/ml'
import { decodeTextVectorizer, encodeTextVectorizer, toTextAnalysis, vocabularyIds } from '@rapport/text'
import { readCalibration } from './read-calibration.ts'
import { readKernelSvm, writeKernelSvm } from './kernel-svm-files.ts'
import type { LinearTextScorer, NetworkTextScorer, TextClassifierData, TextScorer } from './text-classifier-data.ts'
import { readTrees, writeTrees } from './tree-files.ts'

const format = 'rapport.text-classifier.v1'
const header = 'classifier.json'
const networkFolder = 'network/'

/** The classifier as files by path: JSON and little-endian arrays; a network as TensorFlow.js has it. */
export function encodeTextClassifier({ labels, scorer, calibration }: TextClassifierData): BundleFiles {
  const writer = new BundleWriter()
  writer.json(header, { format, labels, calibration, scorer: describeScorer(scorer) })
  if (scorer.kind === 'network') {
    writer.json('vocabulary.json', scorer.vocabulary.tokens)
    for (const [path, content] of scorer.files) writer.bytes(networkFolder + path, content)
    return writer.files
  }
  for (const [path, content] of encodeTextVectorizer(scorer.vectorizer)) writer.bytes(path, content)
  switch (scorer.kind) {
    case 'linear':
      writer.array('linear/weights.f32', scorer.model.weights)
      writer.array('linear/bias.f32', scorer.model.bias)
      writer.array('linear/means.f64', scorer.means)
      break
    case 'trees':
      writeTrees(writer, scorer.ensemble)
      break
    case 'kernel-svm':
      writeKernelSvm(writer, scorer.model)
  }
  return writer.files
}

function describeScorer(scorer: TextScorer): object {
  const { kind } = scorer
  if (scorer.kind === 'linear') return { kind, scores: scorer.scores }
  return scorer.kind === 'network' ? { kind, analysis: scorer.analysis, encoding: scorer.encoding } : { kind }
}

/**
 * Reads what `encodeTextClassifier` wrote. Throws RPT_ML_BUNDLE_INVALID or RPT_TEXT_VECTORIZER_INVALID, naming file and
 * problem, on anything missing, of a wrong size, out of range, not finite, or that does not fit together.
 */
export function decodeTextClassifier(files: BundleFiles): TextClassifierData {
  const reader = new BundleReader(files)
  const fields = new BundleFields(header, reader.record(header))
  if (fields.text('format') !== format) throw bundleError(header, `format is not ${format}`)
  const labels = readLabels(fields)
  return {
    labels,
    calibration: readCalibration(fields.object('calibration'), labels.length),
    scorer: readScorer(reader, fields.object('scorer'), { files, classes: labels.length }),
  }
}

function readLabels(fields: BundleFields): readonly string[] {
  const labels = fields.texts('labels')
  if (labels.length < 2 || labels.includes('') || new Set(labels).size < labels.length) {
    throw bundleError(header, 'labels are not two or more different texts')
  }
  return labels
}

interface Whole {
  readonly files: BundleFiles
  readonly classes: number
}

function readScorer(reader: BundleReader, fields: BundleFields, whole: Whole): TextScorer {
  const kind = fields.choice('kind', ['linear', 'trees', 'kernel-svm', 'network'])
  if (kind === 'network') return readNetworkScorer(reader, fields, whole)
  const { classes } = whole
  const vectorizer = decodeTextVectorizer(whole.files)
  const { columns } = vectorizer
  switch (kind) {
    case 'linear':
      return { kind, vectorizer, ...readLinear(reader, fields, { classes, features: columns }) }
    case 'trees':
      return { kind, vectorizer, ensemble: readTrees(reader, { classes, features: columns }) }
    case 'kernel-svm':
      return { kind, vectorizer, model: readKernelSvm(reader, { classes, features: columns }) }
  }
}

function readLinear(
  reader: BundleReader,
  fields: BundleFields,
  { classes, features }: Pick<LinearModel, 'classes' | 'features'>,
): Pick<LinearTextScorer, 'model' | 'scores' | 'means'> {
  return {
    scores: fields.choice('scores', ['margins', 'logits']),
    means: reader.doubles('linear/means.f64', features),
    model: {
      classes,
      features,
      weights: reader.floats('linear/weights.f32', features * classes),
      bias: reader.floats('linear/bias.f32', classes),
    },
  }
}

function readNetworkScorer(reader: BundleReader, fields: BundleFields, { files, classes }: Whole): NetworkTextScorer {
  const own = new Map(
    [...files].flatMap(([path, content]) =>
      path.startsWith(networkFolder) ? [[path.slice(networkFolder.length), content] as const] : [],
    ),
  )
  const network = readNetwork(own)
  const { form } = network
  if (form.outputs !== classes) throw bundleError(header, `${classes} labels do not fit a network of ${form.outputs}`)
  if (form.activation !== 'softmax') throw bundleError(header, 'the network gives no probabilities')
  const tokens = new BundleFields('vocabulary.json', { tokens: reader.json('vocabulary.json') }).texts('tokens')
  const ids = vocabularyIds({ tokens })
  if (ids !== form.vocabulary || new Set(tokens).size < tokens.length) {
    throw bundleError(
      'vocabulary.json',
      `its ${tokens.length} tokens are not those of a network of ${form.vocabulary} ids`,
    )
  }
  const encoding = fields.object('encoding')
  const length = encoding.count('length')
  if (length !== form.length) throw bundleError(header, `encoding.length is ${length}, the network's ${form.length}`)
  return {
    kind: 'network',
    analysis: readAnalysis(fields),
    vocabulary: { tokens },
    encoding: {
      length,
      pad: encoding.choice('pad', ['left', 'right']),
      keep: encoding.choice('keep', ['first', 'last', 'both']),
    },
    network,
    files: own,
  }
}

function readAnalysis(fields: BundleFields): NetworkTextScorer['analysis'] {
  try {
    return toTextAnalysis(fields.object('analysis').values)
  } catch (cause) {
    throw bundleError(header, 'scorer.analysis is not one', cause)
  }
}
