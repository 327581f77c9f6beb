import { Postings } from './postings.ts'

/** Below this, norms follow each change. */
const smallCollection = 64

/** A sparse vector over the index's terms; made by the index that reads it. */
export type TermVector = ReadonlyMap<number, number>

export interface SimilarQuery {
  /** At most this many postings are read; the rarest terms, which say the most, come first. Default 200,000. */
  readonly maxPostings?: number
  /** Only this many terms, those that weigh most in the vector, are looked up. Default 64. */
  readonly maxTerms?: number
}

/**
 * TF-IDF vectors of documents with small integer ids, kept in an inverted index that is changed document by document.
 * Weight of a term: `(1 + ln tf) * ln(1 + N / df)`, tf after field weights, in steps of 1/16; similarity is the cosine
 * (Salton & Buckley 1988, "ltc"). Norms follow the drifting document frequencies whenever the collection has grown by a
 * quarter, so an update costs the document's own terms.
 */
export class TfIdfIndex {
  private readonly postings = new Postings()
  private norms = new Float32Array(64)
  private normedSize = 0
  private scores = new Float32Array(64)
  private touched = new Int32Array(64)

  get size(): number {
    return this.postings.documentCount
  }

  has(document: number): boolean {
    return this.postings.termsOf(document) !== undefined
  }

  /** Puts a document in place of what stood under its id. `terms`: positive frequency by token. */
  set(document: number, terms: ReadonlyMap<string, number>): void {
    this.postings.set(document, terms)
    this.reserve(document)
    this.norms[document] = this.norm(document)
    this.followFrequencies()
  }

  remove(document: number): void {
    this.postings.remove(document)
    this.followFrequencies()
  }

  /** Weighted sum of the documents' unit vectors: what somebody who cares for these documents cares for. */
  profile(documents: Iterable<readonly [document: number, weight: number]>): TermVector {
    const vector = new Map<number, number>()
    for (const [document, weight] of documents) {
      const terms = this.postings.termsOf(document)
      const norm = this.norms[document]
      if (terms === undefined || !norm) continue
      for (const packed of terms) {
        const term = Postings.idOf(packed)
        vector.set(term, (vector.get(term) ?? 0) + (weight * this.weight(term, packed)) / norm)
      }
    }
    return vector
  }

  /** Unit vector of a text that is not in the index; tokens that no document has are left out. */
  vectorOf(terms: ReadonlyMap<string, number>): TermVector {
    const vector = new Map<number, number>()
    let squares = 0
    for (const [token, frequency] of terms) {
      const term = this.postings.termOf(token)
      if (term === undefined || this.postings.documentFrequency(term) === 0) continue
      const weight = (1 + Math.log(Math.max(frequency, 1))) * this.idf(term)
      vector.set(term, weight)
      squares += weight * weight
    }
    const norm = Math.sqrt(squares)
    for (const [term, weight] of vector) vector.set(term, weight / norm)
    return vector
  }

  /**
   * Offers each document that shares one of the looked-up terms with `vector`, with the inner product of the vector and the document's unit
   * vector (the cosine, for a unit vector). Not re-entrant.
   */
  similar(vector: TermVector, offer: (document: number, score: number) => void, query: SimilarQuery = {}): void {
    const { scores, touched } = this
    let count = 0
    let left = query.maxPostings ?? 200_000
    for (const [term, weight] of this.rarestFirst(heaviest(vector, query.maxTerms ?? 64))) {
      const documents = this.postings.documentsOf(term)
      const termWeight = weight * this.idf(term)
      for (let at = 0; at < documents.length && left > 0; at += 1, left -= 1) {
        const packed = documents[at] as number
        const document = Postings.idOf(packed)
        if (scores[document] === 0) touched[count++] = document
        scores[document] = (scores[document] as number) + termWeight * Postings.frequencyOf(packed)
      }
      if (left <= 0) break
    }
    for (let at = 0; at < count; at += 1) {
      const document = touched[at] as number
      const score = (scores[document] as number) / (this.norms[document] as number)
      scores[document] = 0
      offer(document, score)
    }
  }

  /** Inner product of a vector and one document's unit vector, over all terms; 0 when it is not in the index. */
  affinity(vector: TermVector, document: number): number {
    const terms = this.postings.termsOf(document)
    const norm = this.norms[document]
    if (terms === undefined || !norm) return 0
    let sum = 0
    for (const packed of terms) {
      const term = Postings.idOf(packed)
      const weight = vector.get(term)
      if (weight !== undefined) sum += weight * this.weight(term, packed)
    }
    return sum / norm
  }

  /** Cosine of two documents; 0 when either is not in the index. */
  cosine(a: number, b: number): number {
    const termsOfA = this.postings.termsOf(a)
    const termsOfB = this.postings.termsOf(b)
    if (termsOfA === undefined || termsOfB === undefined) return 0
    let sum = 0
    let atB = 0
    for (const packed of termsOfA) {
      const term = Postings.idOf(packed)
      while (atB < termsOfB.length && Postings.idOf(termsOfB[atB] as number) < term) atB += 1
      const other = termsOfB[atB]
      if (other !== undefined && Postings.idOf(other) === term)
        sum += this.weight(term, packed) * this.weight(term, other)
    }
    const norms = (this.norms[a] ?? 0) * (this.norms[b] ?? 0)
    return norms === 0 ? 0 : sum / norms
  }

  private rarestFirst(terms: [number, number][]): [number, number][] {
    return terms.sort(([a], [b]) => this.postings.documentFrequency(a) - this.postings.documentFrequency(b))
  }

  private idf(term: number): number {
    return Math.log(1 + this.size / Math.max(this.postings.documentFrequency(term), 1))
  }

  private weight(term: number, packed: number): number {
    return Postings.frequencyOf(packed) * this.idf(term)
  }

  private norm(document: number): number {
    let squares = 0
    for (const packed of this.postings.termsOf(document) ?? [])
      squares += this.weight(Postings.idOf(packed), packed) ** 2
    return Math.sqrt(squares)
  }

  private followFrequencies(): void {
    const { size, normedSize } = this
    if (size > smallCollection && size < normedSize * 1.25 && size > normedSize * 0.75) return
    for (const document of this.postings.documents()) this.norms[document] = this.norm(document)
    this.normedSize = this.size
  }

  private reserve(document: number): void {
    if (document < this.norms.length) return
    const size = 2 ** Math.ceil(Math.log2(document + 1))
    const norms = new Float32Array(size)
    norms.set(this.norms)
    this.norms = norms
    this.scores = new Float32Array(size)
    this.touched = new Int32Array(size)
  }
}

/** The `count` terms of the largest weight. */
function heaviest(vector: TermVector, count: number): [number, number][] {
  const terms = [...vector]
  return terms.length <= count ? terms : terms.sort(([, a], [, b]) => b - a).slice(0, count)
}
