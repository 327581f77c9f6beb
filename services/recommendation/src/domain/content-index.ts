import type { ItemBody } from '@rapport/contracts'
import { normalize, TfIdfIndex, tokenize } from '@rapport/text'

/** How much a word counts by the field it stands in. */
const fieldWeights = { title: 3, name: 2, description: 1 } as const
/** The rest of a long description adds length, not meaning. */
const maxDescriptionCharacters = 2000

/**
 * Search terms of an item with their frequencies: words of the texts, and categories, tags, brand and textual attributes
 * also as wholes, so that items that say nothing in a common language still meet in a common category.
 */
export function contentTerms(body: ItemBody): Map<string, number> {
  const terms = new Map<string, number>()
  const add = (term: string, weight: number): void => void terms.set(term, (terms.get(term) ?? 0) + weight)
  const addText = (text: string | undefined, weight: number): void => {
    for (const token of tokenize(text ?? '')) add(token, weight)
  }
  const addName = (field: string, name: string): void => {
    add(`${field}:${normalize(name)}`, fieldWeights.name)
    addText(name, fieldWeights.name)
  }
  addText(body.title, fieldWeights.title)
  addText(body.description?.slice(0, maxDescriptionCharacters), fieldWeights.description)
  for (const category of body.categories ?? []) addName('category', category)
  for (const tag of body.tags ?? []) addName('tag', tag)
  if (body.brand !== undefined && body.brand !== '') addName('brand', body.brand)
  for (const [name, value] of Object.entries(body.attributes ?? {})) {
    if (typeof value === 'string') add(`${name}:${normalize(value)}`, fieldWeights.description)
  }
  return terms
}

/** Items of a history with positive weights. */
export type ContentAnchors = readonly (readonly [index: number, weight: number])[]
type Offer = (index: number, score: number) => void

/** Items by what is said of them: reachable as soon as their record is read, whether or not anybody has seen them. */
export class ContentIndex {
  private readonly vectors = new TfIdfIndex()

  set(index: number, body: ItemBody): void {
    const terms = contentTerms(body)
    if (terms.size === 0) this.vectors.remove(index)
    else this.vectors.set(index, terms)
  }

  remove(index: number): void {
    this.vectors.remove(index)
  }

  has(index: number): boolean {
    return this.vectors.has(index)
  }

  /** Offers the items that share telling terms with the anchors; score: about the sum of weight times cosine. */
  neighbours(anchors: ContentAnchors, offer: Offer): void {
    this.vectors.similar(this.vectors.profile(anchors), offer)
  }

  /** Offers each of `items` with the sum of weight times cosine over the anchors. */
  compare(anchors: ContentAnchors, items: readonly number[], offer: Offer): void {
    const profile = this.vectors.profile(anchors)
    for (const index of items) offer(index, this.vectors.affinity(profile, index))
  }

  /** Cosine of two items' contents, 0 to 1. */
  similarity(a: number, b: number): number {
    return this.vectors.cosine(a, b)
  }
}
