import { mapOffsets, originalSpan } from '../offset-map.ts'
import { SpanList } from './span-list.ts'
import { prepareText, type TextAnalysis } from './text-analysis.ts'
import { createTokenReader, type TokenReader } from './token-reader.ts'

/** A token as the analysis has it, and where it stands in the text as it was given, in UTF-16 units. */
export interface TextToken {
  readonly token: string
  readonly start: number
  readonly end: number
}

/** Cuts texts into the tokens of an analysis, whose n-grams a vectorizer counts. Not re-entrant. */
export class TextTokenizer {
  readonly analysis: TextAnalysis
  private readonly read: TokenReader
  private readonly found = new SpanList()
  private names: string[] = []

  constructor(analysis: TextAnalysis) {
    this.analysis = analysis
    this.read = createTokenReader(analysis)
  }

  tokens(text: string): string[] {
    this.readPrepared(prepareText(text, this.analysis))
    return this.names
  }

  /** In the order of the text. Offsets are those of the original text, also where normalisation has changed it. */
  spans(text: string): TextToken[] {
    const { analysis, found } = this
    const prepared = prepareText(text, analysis)
    const map = mapOffsets(text, prepared, (part) => prepareText(part, analysis))
    this.readPrepared(prepared)
    return this.names.map((token, at) => ({
      token,
      ...originalSpan(map, found.starts[at] as number, found.ends[at] as number),
    }))
  }

  private readPrepared(prepared: string): void {
    const names: string[] = []
    this.read(prepared, this.found, (token) => names.push(token) - 1)
    if (this.analysis.analyzer === 'char') {
      for (let at = 0; at < this.found.length; at += 1) names.push(String.fromCodePoint(this.found.ids[at] as number))
    }
    this.names = names
  }
}
