/** Term frequencies and ids share one small integer: 8 bits for `(1 + ln tf)` in steps of 1/16, the rest for the id. */
const frequencyBits = 256
const frequencyStep = 16

const pack = (id: number, frequency: number): number => {
  const scaled = Math.round((1 + Math.log(Math.max(frequency, 1))) * frequencyStep)
  return id * frequencyBits + Math.min(scaled, frequencyBits - 1)
}

/** Both directions of "document has term": an inverted index, and each document's terms in ascending order. */
export class Postings {
  private readonly termIds = new Map<string, number>()
  private readonly tokens: string[] = []
  private readonly freeTerms: number[] = []
  private readonly documentsByTerm: number[][] = []
  private readonly termsByDocument = new Map<number, Int32Array>()

  static idOf(packed: number): number {
    return Math.floor(packed / frequencyBits)
  }

  /** `1 + ln tf`. */
  static frequencyOf(packed: number): number {
    return (packed % frequencyBits) / frequencyStep
  }

  get documentCount(): number {
    return this.termsByDocument.size
  }

  documents(): Iterable<number> {
    return this.termsByDocument.keys()
  }

  termOf(token: string): number | undefined {
    return this.termIds.get(token)
  }

  documentFrequency(term: number): number {
    return this.documentsByTerm[term]?.length ?? 0
  }

  /** Packed document ids, in no order. */
  documentsOf(term: number): readonly number[] {
    return this.documentsByTerm[term] ?? []
  }

  /** Packed term ids, ascending. */
  termsOf(document: number): Int32Array | undefined {
    return this.termsByDocument.get(document)
  }

  set(document: number, terms: ReadonlyMap<string, number>): void {
    this.remove(document)
    const packed = new Int32Array(terms.size)
    let at = 0
    for (const [token, frequency] of terms) {
      const term = this.internTerm(token)
      packed[at++] = pack(term, frequency)
      this.documentsByTerm[term]?.push(pack(document, frequency))
    }
    this.termsByDocument.set(document, packed.sort())
  }

  remove(document: number): void {
    for (const packed of this.termsByDocument.get(document) ?? []) {
      const term = Postings.idOf(packed)
      const documents = this.documentsByTerm[term] ?? []
      const at = documents.findIndex((candidate) => Postings.idOf(candidate) === document)
      const last = documents.pop()
      if (last !== undefined && at < documents.length) documents[at] = last
      if (documents.length === 0) this.freeTerm(term)
    }
    this.termsByDocument.delete(document)
  }

  private internTerm(token: string): number {
    const known = this.termIds.get(token)
    if (known !== undefined) return known
    const term = this.freeTerms.pop() ?? this.documentsByTerm.length
    this.termIds.set(token, term)
    this.tokens[term] = token
    this.documentsByTerm[term] ??= []
    return term
  }

  /** A token that no document has any more is forgotten, so that the vocabulary is bounded by the documents. */
  private freeTerm(term: number): void {
    this.termIds.delete(this.tokens[term] ?? '')
    this.tokens[term] = ''
    this.freeTerms.push(term)
  }
}
