import { mapOffsets, originalSpan } from '../offset-map.ts'
import { createHashingReader, createVocabularyReader, type FeatureReader } from './feature-readers.ts'
import { SpanList } from './span-list.ts'
import { TermTally, type TermMatrix } from './term-counts.ts'
import { prepareText } from './text-analysis.ts'
import type { TextVectorizerData, VocabularyFeatures } from './vectorizer-data.ts'
import { weighRow } from './weighting.ts'

/** One occurrence of an n-gram that is a column: where it stands in the original text, in UTF-16 units. */
export interface TermOccurrence {
  readonly column: number
  readonly start: number
  readonly end: number
}

/** Turns texts into rows by a fitted vectorizer. Not re-entrant; make one for each thread. */
export class TextVectorizer {
  readonly data: TextVectorizerData
  private readonly read: FeatureReader
  private readonly found = new SpanList()
  private readonly tally = new TermTally()

  constructor(data: TextVectorizerData) {
    this.data = data
    const { analysis, features } = data
    this.read =
      features.kind === 'hashing' ? createHashingReader(analysis, features) : createVocabularyReader(analysis, features)
  }

  /** A row for each text; one without a known n-gram is empty. */
  transform(texts: readonly string[]): TermMatrix {
    const { data, tally } = this
    const starts = new Int32Array(texts.length + 1)
    let indices = new Int32Array(texts.length * 64)
    let values = new Float32Array(texts.length * 64)
    for (const [row, text] of texts.entries()) {
      const start = starts[row] as number
      this.read(prepareText(text, data.analysis), this.found)
      tally.take(this.found, data.columns)
      tally.sort()
      const end = start + tally.length
      if (end > indices.length) {
        const longer = { indices: new Int32Array(2 * end), values: new Float32Array(2 * end) }
        longer.indices.set(indices)
        longer.values.set(values)
        ;({ indices, values } = longer)
      }
      for (let at = 0; at < tally.length; at += 1) {
        const column = tally.ids[at] as number
        indices[start + at] = column
        values[start + at] = tally.countOf(column)
      }
      weighRow(data, indices.subarray(start, end), values.subarray(start, end))
      starts[row + 1] = end
    }
    const length = starts[texts.length] as number
    return {
      rows: texts.length,
      columns: data.columns,
      starts,
      indices: indices.slice(0, length),
      values: values.slice(0, length),
    }
  }

  /**
   * Every occurrence of a column's n-gram, by first token and length. Offsets are those of the text as it was given, also
   * where normalisation has changed it; a row's value for a column belongs to all its occurrences together.
   */
  occurrences(text: string): readonly TermOccurrence[] {
    const { analysis } = this.data
    const prepared = prepareText(text, analysis)
    const map = mapOffsets(text, prepared, (part) => prepareText(part, analysis))
    this.read(prepared, this.found)
    const { found } = this
    return Array.from({ length: found.length }, (_, at) => ({
      column: found.ids[at] as number,
      ...originalSpan(map, found.starts[at] as number, found.ends[at] as number),
    }))
  }
}

/** The n-gram of every column, its tokens joined by a blank (characters by nothing). */
export function termNames(data: Pick<TextVectorizerData, 'analysis'>, features: VocabularyFeatures): readonly string[] {
  const { tokens, parents, tokenOf, columnOf } = features
  const ofCharacters = data.analysis.analyzer === 'char'
  const names: string[] = []
  const nodes: string[] = []
  for (let node = 0; node < parents.length; node += 1) {
    const number = tokenOf[node] as number
    const token = ofCharacters ? String.fromCodePoint(number) : (tokens[number] ?? '')
    const beginning = nodes[parents[node] as number]
    nodes.push(beginning === undefined ? token : `${beginning}${ofCharacters ? '' : ' '}${token}`)
    if ((columnOf[node] as number) >= 0) names.push(nodes[node] as string)
  }
  return names
}
