import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildVocabulary, createTokenEncoder, vocabularyIds } from './token-ids.ts'

describe('a vocabulary', () => {
  it('has the tokens of enough documents, the most frequent first', () => {
    const documents = [['b', 'a', 'a'], ['b', 'c'], ['b', 'c', 'd'], ['a']]
    expect(buildVocabulary(documents)).toEqual({ tokens: ['b', 'a', 'c'] })
    expect(buildVocabulary(documents, { minDocuments: 1, maxTokens: 2 })).toEqual({ tokens: ['b', 'a'] })
    expect(vocabularyIds({ tokens: ['b', 'a', 'c'] })).toBe(5)
  })

  it('does not depend on the order of the documents', () => {
    const documents = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', '字', '😀')))
    fc.assert(
      fc.property(documents, (documents) => {
        expect(buildVocabulary(documents.toReversed())).toEqual(buildVocabulary(documents))
      }),
    )
  })
})

describe('token ids', () => {
  const vocabulary = { tokens: ['a', 'b', 'c'] }
  const encode = (document: string, options: object = {}): number[] => [
    ...createTokenEncoder(vocabulary, { length: 4, ...options })([document.split('')]).ids,
  ]

  it('stand at the right, padded at the left, unless it is said otherwise', () => {
    expect(encode('ax')).toEqual([0, 0, 2, 1])
    expect(encode('ax', { pad: 'right' })).toEqual([2, 1, 0, 0])
    expect(encode('')).toEqual([0, 0, 0, 0])
  })

  it('keep the first, the last, or both ends of a long document', () => {
    expect(encode('abcabc')).toEqual([2, 3, 4, 2])
    expect(encode('abcabc', { keep: 'last' })).toEqual([4, 2, 3, 4])
    expect(encode('abccba', { keep: 'both' })).toEqual([2, 3, 3, 2])
    expect(encode('abc', { length: 1, keep: 'both' })).toEqual([2])
  })

  it('are rows of one length within the vocabulary', () => {
    const encodeAll = createTokenEncoder(vocabulary, { length: 3 })
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'x'))), (documents) => {
        const { rows, length, ids } = encodeAll(documents)
        expect([rows, length, ids.length]).toEqual([documents.length, 3, 3 * documents.length])
        expect(ids.every((id) => id >= 0 && id < vocabularyIds(vocabulary))).toBe(true)
      }),
    )
  })

  it('need a length', () => {
    expect(() => createTokenEncoder(vocabulary, { length: 0 })).toThrow('length is 0')
  })
})
