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

  /** Packed document ids, ascending. */
  documentsOf(term: number): readonly number[] {
    return this.documentsByTerm[term] ?? []
  }

  /** Packed term ids, ascending. */
  termsOf(document: number): Int32Array | undefined {
    return this.termsByDocument.get(document)
  }

  /** Only what differs from the document's terms of before is changed: most changes of a document are to a few of them. */
  set(document: number, terms: ReadonlyMap<string, number>): void {
    const before = this.termsByDocument.get(document) ?? new Int32Array(0)
    const after = new Int32Array(terms.size)
    let at = 0
    for (const [token, frequency] of terms) after[at++] = pack(this.internTerm(token), frequency)
    after.sort()
    const kept = new Set(before)
    const wanted = new Set(after)
    for (const packed of before) if (!wanted.has(packed)) this.detach(document, packed)
    for (const packed of after) if (!kept.has(packed)) this.attach(document, packed)
    for (const packed of before) this.freeIfUnused(Postings.idOf(packed))
    this.termsByDocument.set(document, after)
  }

  remove(document: number): void {
    const before = this.termsByDocument.get(document) ?? []
    for (const packed of before) this.detach(document, packed)
    for (const packed of before) this.freeIfUnused(Postings.idOf(packed))
    this.termsByDocument.delete(document)
  }

  private attach(document: number, packedTerm: number): void {
    const documents = this.documentsByTerm[Postings.idOf(packedTerm)] ?? []
    const entry = document * frequencyBits + (packedTerm % frequencyBits)
    const last = documents.at(-1)
    if (last === undefined || last < entry) documents.push(entry)
    else documents.splice(placeOf(documents, document), 0, entry)
  }

  private detach(document: number, packedTerm: number): void {
    const documents = this.documentsByTerm[Postings.idOf(packedTerm)] ?? []
    documents.splice(placeOf(documents, document), 1)
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
  private freeIfUnused(term: number): void {
    if (this.documentFrequency(term) > 0) return
    this.termIds.delete(this.tokens[term] ?? '')
    this.tokens[term] = ''
    this.freeTerms.push(term)
  }
}

/** Where a document stands, or would stand, among ascending packed ids. */
function placeOf(documents: readonly number[], document: number): number {
  const wanted = document * frequencyBits
  let low = 0
  let high = documents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((documents[middle] as number) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
