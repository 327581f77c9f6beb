import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TfIdfIndex, type TermVector } from './tf-idf-index.ts'
import { countTokens, tokenize } from './tokens.ts'

const indexOf = (texts: readonly string[]): TfIdfIndex => {
  const index = new TfIdfIndex()
  for (const [document, text] of texts.entries()) index.set(document, countTokens(tokenize(text)))
  return index
}
const ranked = (index: TfIdfIndex, vector: TermVector): [number, number][] => {
  const found: [number, number][] = []
  index.similar(vector, (document, score) => found.push([document, score]))
  return found.sort((a, b) => b[1] - a[1] || a[0] - b[0])
}
const best = (index: TfIdfIndex, document: number): number | undefined =>
  ranked(index, index.profile([[document, 1]])).find(([other]) => other !== document)?.[0]

describe('TfIdfIndex', () => {
  it('finds the nearest text in English and in Chinese', () => {
    const index = indexOf([
      'Green tea from the hills, loose leaves',
      'Black tea, strong',
      'Steel kettle for the stove',
      '龙井绿茶 明前',
      '碧螺春绿茶 明前特级',
      '不锈钢水壶',
      'Loose leaf green teas',
    ])
    expect(best(index, 0)).toBe(6)
    expect(best(index, 3)).toBe(4)
  })

  it('agrees with the formula worked out by hand', () => {
    const index = new TfIdfIndex()
    index.set(
      0,
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    )
    index.set(
      1,
      new Map([
        ['a', 1],
        ['c', 1],
      ]),
    )
    const common = Math.log(1 + 2 / 2)
    const rare = Math.log(1 + 2 / 1)
    expect(index.cosine(0, 1)).toBeCloseTo(common ** 2 / (common ** 2 + rare ** 2), 5)
    expect(index.cosine(0, 0)).toBeCloseTo(1, 5)
  })

  it('forgets a removed document and follows a changed one', () => {
    const index = indexOf(['red wool scarf', 'red wool hat', 'blue cotton shirt'])
    expect(best(index, 0)).toBe(1)
    index.remove(1)
    expect(best(index, 0)).toBeUndefined()
    expect(index.size).toBe(2)
    index.set(2, countTokens(tokenize('wool scarf, striped')))
    expect(best(index, 0)).toBe(2)
    expect(ranked(index, index.vectorOf(countTokens(['cotton'])))).toEqual([])
  })

  it('reads no more postings than it may, the rarest terms first', () => {
    const texts = Array.from({ length: 50 }, (_, at) => (at < 2 ? 'common rare' : 'common'))
    const index = indexOf(texts)
    const found: number[] = []
    index.similar(index.profile([[0, 1]]), (document) => found.push(document), { maxPostings: 2 })
    expect(found.toSorted((a, b) => a - b)).toEqual([0, 1])
  })

  it('looks up no more terms than it may, the weightiest first', () => {
    const index = indexOf(['common rare', 'common', 'common rare', 'common'])
    const found: number[] = []
    index.similar(index.profile([[0, 1]]), (document) => found.push(document), { maxTerms: 1 })
    expect(found.toSorted((a, b) => a - b)).toEqual([0, 2])
  })

  it('scores a profile as the weighted sum of the cosines, after any order of changes', () => {
    const document = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 9 })
    const changes = fc.array(fc.tuple(fc.nat(8), fc.option(document)), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(changes, fc.nat(8), fc.nat(8), (list, first, second) => {
        const index = new TfIdfIndex()
        const standing = new Map<number, string[]>()
        for (const [id, terms] of list) {
          if (terms === null) {
            index.remove(id)
            standing.delete(id)
          } else {
            index.set(id, countTokens(terms))
            standing.set(id, terms)
          }
        }
        expect(index.size).toBe(standing.size)
        const anew = new TfIdfIndex()
        for (const [id, terms] of standing) anew.set(id, countTokens(terms))
        expect(index.cosine(first, second)).toBeCloseTo(anew.cosine(first, second), 4)
        const profile = index.profile([
          [first, 2],
          [second, 1],
        ])
        for (const [id, score] of ranked(index, profile)) {
          expect(standing.has(id)).toBe(true)
          expect(score).toBeCloseTo(2 * index.cosine(first, id) + index.cosine(second, id), 4)
          expect(index.affinity(profile, id)).toBeCloseTo(score, 4)
        }
      }),
    )
  })
})
