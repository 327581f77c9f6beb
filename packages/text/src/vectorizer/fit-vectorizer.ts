import { argumentError } from '../errors.ts'
import { buildVocabulary } from './build-vocabulary.ts'
import {
  createGrowingVocabulary,
  createHashingReader,
  type FeatureReader,
  type GrowingVocabulary,
} from './feature-readers.ts'
import { SpanList } from './span-list.ts'
import { CountRows, TermTally, type TermMatrix } from './term-counts.ts'
import { prepareText, toTextAnalysis, type TextAnalysis } from './text-analysis.ts'
import {
  checkHashBits,
  checkLimits,
  type HashedFeatures,
  type TermWeighting,
  type TextVectorizerData,
  type VectorizerOptions,
  type VocabularyLimits,
} from './vectorizer-data.ts'
import { weighRow } from './weighting.ts'

export interface FittedVectorizer {
  readonly data: TextVectorizerData
  /** The texts of the fit, a row each, in their order. */
  readonly matrix: TermMatrix
}

/**
 * Fits TF-IDF to texts that come one by one, so that a caller can take its breaks between them. Memory grows with the
 * distinct n-grams (20 bytes each) and the n-grams by text (8 bytes each). Throws RPT_TEXT_ARGUMENT_INVALID.
 */
export class TextVectorizerFitter {
  private readonly analysis: TextAnalysis
  private readonly weighting: TermWeighting
  private readonly limits: VocabularyLimits
  private readonly source: GrowingVocabulary | HashedFeatures
  private readonly read: FeatureReader
  private readonly found = new SpanList()
  private readonly tally = new TermTally()
  private readonly rows = new CountRows()

  constructor(options: VectorizerOptions = {}) {
    const { hashBits, minDf: _min, maxDf: _max, maxFeatures: _most, ...others } = options
    const { sublinearTf = false, norm = 'l2', ...analysis } = others
    this.limits = options
    checkLimits(options)
    this.analysis = toTextAnalysis(analysis)
    this.weighting = { sublinearTf, norm }
    if (hashBits === undefined) {
      this.source = createGrowingVocabulary(this.analysis)
      this.read = this.source.read
    } else {
      this.source = { kind: 'hashing', bits: checkHashBits(hashBits) }
      this.read = createHashingReader(this.analysis, this.source)
    }
  }

  add(text: string): void {
    this.read(prepareText(text, this.analysis), this.found)
    this.tally.take(this.found, this.width)
    this.rows.add(this.tally)
  }

  /** The fitted vectorizer and the texts' matrix; the fitter is spent. Throws RPT_TEXT_ARGUMENT_INVALID when no n-gram is left. */
  finish(): FittedVectorizer {
    const { rows, width } = this
    const frequencies = rows.documentFrequencies(width)
    const { features, columns, columnOf } = this.chooseColumns(frequencies)
    const idf = new Float64Array(columns)
    for (let id = 0; id < width; id += 1) {
      const column = columnOf?.[id] ?? id
      if (column >= 0) idf[column] = Math.log((1 + rows.rows) / (1 + (frequencies[id] as number))) + 1
    }
    const data = { analysis: this.analysis, weighting: this.weighting, columns, idf, features }
    return { data, matrix: toMatrix(rows, data, columnOf) }
  }

  private get width(): number {
    return isHashed(this.source) ? 2 ** this.source.bits : this.source.table.size
  }

  private chooseColumns(frequencies: Int32Array): {
    readonly features: TextVectorizerData['features']
    readonly columns: number
    readonly columnOf?: Int32Array
  } {
    const { source } = this
    if (isHashed(source)) return { features: source, columns: frequencies.length }
    const ofCharacters = this.analysis.analyzer === 'char'
    let selected = selectByFrequency(frequencies, this.rows.rows, this.limits)
    const { maxFeatures = Infinity } = this.limits
    let built = buildVocabulary(source, selected, ofCharacters)
    if (built.columns > maxFeatures) {
      selected = mostFrequent(this.rows.totals(frequencies.length), built.columnOfNode, maxFeatures)
      built = buildVocabulary(source, selected, ofCharacters)
    }
    if (built.columns === 0) throw argumentError('texts', 'have no n-gram within the limits of the vocabulary')
    return { features: built.features, columns: built.columns, columnOf: built.columnOfNode }
  }
}

const isHashed = (source: GrowingVocabulary | HashedFeatures): source is HashedFeatures => 'bits' in source

/** Fits TF-IDF to texts: scikit-learn's `TfidfVectorizer` with smooth idf. Throws RPT_TEXT_ARGUMENT_INVALID. */
export function fitTextVectorizer(texts: Iterable<string>, options: VectorizerOptions = {}): FittedVectorizer {
  const fitter = new TextVectorizerFitter(options)
  for (const text of texts) fitter.add(text)
  return fitter.finish()
}

function selectByFrequency(frequencies: Int32Array, documents: number, limits: VocabularyLimits): Uint8Array {
  const { minDf = 1, maxDf = 1 } = limits
  const least = Math.max(1, minDf < 1 ? minDf * documents : minDf)
  const most = maxDf <= 1 ? maxDf * documents : maxDf
  return Uint8Array.from(frequencies, (count) => (count >= least && count <= most ? 1 : 0))
}

/** The `limit` nodes of the largest totals among those with a column; ties go to the first column. */
function mostFrequent(totals: Float64Array, columnOfNode: Int32Array, limit: number): Uint8Array {
  const nodes = [...columnOfNode.keys()].filter((node) => (columnOfNode[node] as number) >= 0)
  nodes.sort(
    (a, b) =>
      (totals[b] as number) - (totals[a] as number) || (columnOfNode[a] as number) - (columnOfNode[b] as number),
  )
  const selected = new Uint8Array(columnOfNode.length)
  for (const node of nodes.slice(0, limit)) selected[node] = 1
  return selected
}

function toMatrix(rows: CountRows, data: TextVectorizerData, columnOf: Int32Array | undefined): TermMatrix {
  const starts = new Int32Array(rows.rows + 1)
  const { ids, counts } = rows
  let kept = 0
  const countByColumn = new Int32Array(data.columns)
  const values = new Float32Array(rows.starts.at(-1) ?? 0)
  for (let row = 0; row < rows.rows; row += 1) {
    const first = kept
    for (let at = rows.starts[row] as number; at < (rows.starts[row + 1] as number); at += 1) {
      const id = ids[at] as number
      const column = columnOf === undefined ? id : (columnOf[id] as number)
      if (column < 0) continue
      countByColumn[column] = counts[at] as number
      // Over what was read: a row never gets longer.
      ids[kept++] = column
    }
    ids.subarray(first, kept).sort()
    for (let at = first; at < kept; at += 1) values[at] = countByColumn[ids[at] as number] as number
    weighRow(data, ids.subarray(first, kept), values.subarray(first, kept))
    starts[row + 1] = kept
  }
  return { rows: rows.rows, columns: data.columns, starts, indices: ids.slice(0, kept), values: values.slice(0, kept) }
}
