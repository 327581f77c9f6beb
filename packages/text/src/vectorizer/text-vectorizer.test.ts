import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareCodePoints } from './build-vocabulary.ts'
import { fitTextVectorizer } from './fit-vectorizer.ts'
import { murmur3 } from './murmur3.ts'
import type { TermMatrix } from './term-counts.ts'
import { termNames, TextVectorizer } from './text-vectorizer.ts'
import type { TextVectorizerData, VectorizerOptions } from './vectorizer-data.ts'

/** The constants of this file are scikit-learn's 1.9.1 (and jieba 0.42.1) on these texts. */
const english = [
  'The cat sat on the mat.',
  'A cat and a dog; the dog barked!',
  'Dogs  bark at\tcats\n\n, cats purr',
  'the THE the mat, É_2 x',
  '',
]
const chinese = ['房间很大，😀 很干净', '房间  很小 iPhone很大', '很  大，很大 𠮷野家']
const asItIs = { normalization: 'none' } as const

const namesOf = (data: TextVectorizerData): readonly string[] =>
  data.features.kind === 'vocabulary' ? termNames(data, data.features) : []

function expectMatrix(matrix: TermMatrix, starts: number[], indices: number[], values: number[]): void {
  expect([...matrix.starts]).toEqual(starts)
  expect([...matrix.indices]).toEqual(indices)
  expect(matrix.values).toHaveLength(values.length)
  for (const [at, value] of values.entries()) expect(matrix.values[at]).toBeCloseTo(value, 6)
}

describe('TF-IDF', () => {
  it('is scikit-learn’s for words, 1-2-grams, sublinear', () => {
    const { data, matrix } = fitTextVectorizer(english, { ...asItIs, ngrams: [1, 2], sublinearTf: true, minDf: 2 })
    expect(namesOf(data)).toEqual(['cat', 'mat', 'the', 'the mat'])
    const values = [0.44832087, 0.44832087, 0.63009934, 0.44832087, 0.76944707, 0.63871058]
    expectMatrix(
      matrix,
      [0, 4, 6, 6, 9, 9],
      [0, 1, 2, 3, 0, 2, 1, 2, 3],
      [...values, 0.44566999, 0.77637396, 0.44566999],
    )
  })

  it('is scikit-learn’s with the most frequent words, as they are', () => {
    const { data } = fitTextVectorizer(english, { ...asItIs, maxDf: 0.5, maxFeatures: 4, norm: 'none' })
    expect(namesOf(data)).toEqual(['cat', 'cats', 'dog', 'mat'])
    const matrix = new TextVectorizer(data).transform(english.slice(0, 3))
    expectMatrix(matrix, [0, 2, 4, 5], [0, 3, 0, 2, 1], [1.69314718, 1.69314718, 1.69314718, 4.19722458, 4.19722458])
  })

  it('is scikit-learn’s for characters, counted by code points', () => {
    const options = { ...asItIs, analyzer: 'char', ngrams: [1, 3], sublinearTf: true, minDf: 2 } as const
    const { data, matrix } = fitTextVectorizer(chinese, options)
    expect(namesOf(data)).toEqual([' ', ' 很', '大', '大，', '很', '很大', '房', '房间', '间', '，'])
    expectMatrix(
      matrix,
      [0, 10, 18, 24],
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 4, 5, 6, 7, 8, 0, 2, 3, 4, 5, 9],
      [
        0.25145401, 0.32379282, 0.25145401, 0.32379282, 0.42574865, 0.25145401, 0.32379282, 0.32379282, 0.32379282,
        0.32379282, 0.44671121, 0.33973539, 0.26383484, 0.44671121, 0.26383484, 0.33973539, 0.33973539, 0.33973539,
        0.4711101, 0.4711101, 0.35829137, 0.4711101, 0.27824521, 0.35829137,
      ],
    )
  })

  it('keeps no shorter n-grams than asked for', () => {
    const { data } = fitTextVectorizer(chinese, { ...asItIs, analyzer: 'char', ngrams: [2, 3], minDf: 2 })
    expect(namesOf(data)).toEqual([' 很', '大，', '很大', '房间'])
    const matrix = new TextVectorizer(data).transform(chinese.slice(0, 2))
    const values = [0.52682017, 0.52682017, 0.40912286, 0.52682017, 0.61980538, 0.48133417, 0.61980538]
    expectMatrix(matrix, [0, 4, 7], [0, 1, 2, 3, 0, 2, 3], values)
  })

  it('is scikit-learn’s on jieba’s words', () => {
    const { data, matrix } = fitTextVectorizer(chinese, { ...asItIs, analyzer: 'jieba', ngrams: [1, 2], minDf: 2 })
    expect(namesOf(data)).toEqual(['很', '很大', '房间', '，'])
    const values = [0.52682017, 0.40912286, 0.52682017, 0.52682017, 0.61335554, 0.78980693]
    expectMatrix(matrix, [0, 4, 6, 9], [0, 1, 2, 3, 1, 2, 0, 1, 3], [...values, 0.61980538, 0.48133417, 0.61980538])
  })

  it('separates the scripts of a word at their border', () => {
    const { data } = fitTextVectorizer(['我的iPhone很好用, A股 x'], { ngrams: [1, 1] })
    expect(namesOf(data)).toEqual(['iphone', '好', '我', '用', '的', '股', '很'].toSorted())
  })

  it('meets full-width and capital letters as one spelling unless told otherwise', () => {
    expect(namesOf(fitTextVectorizer(['ＧＯＯＤ Good']).data)).toEqual(['good'])
    expect(namesOf(fitTextVectorizer(['ＧＯＯＤ Good'], { ...asItIs, lowercase: false }).data)).toEqual([
      'Good',
      'ＧＯＯＤ',
    ])
  })
})

describe('hashing', () => {
  it('is MurmurHash3', () => {
    const hashes = ['', 'a', 'ab', 'abc', 'abcd', 'hello world', '房间'].map((text) => murmur3(Buffer.from(text)))
    expect(hashes).toEqual([0, 1009084850, -1681926305, -1277324294, 1139631978, 1586663183, 906960662])
  })

  it('is scikit-learn’s HashingVectorizer with TfidfTransformer', () => {
    const { data } = fitTextVectorizer(english, { ...asItIs, ngrams: [1, 2], sublinearTf: true, hashBits: 8 })
    const matrix = new TextVectorizer(data).transform(english.slice(0, 2))
    expect(data.columns).toBe(256)
    const columns = [39, 55, 66, 97, 102, 139, 158, 180, 232, 238, 37, 39, 41, 45, 57, 59, 138, 158, 163, 207]
    expectMatrix(
      matrix,
      [0, 10, 20],
      columns,
      [
        0.27373268, 0.27373268, 0.33928461, 0.33928461, 0.22722285, 0.27373268, 0.38472173, 0.33928461, 0.33928461,
        0.33928461, 0.51128975, 0.2436323, 0.30197596, 0.30197596, 0.30197596, 0.30197596, 0.30197596, 0.20223682,
        0.30197596, 0.30197596,
      ],
    )
  })

  it('is it for characters too', () => {
    const options = { ...asItIs, analyzer: 'char', ngrams: [2, 3], hashBits: 10 } as const
    const { matrix } = fitTextVectorizer(chinese.slice(0, 1), options)
    const columns = [166, 175, 244, 249, 261, 297, 384, 410, 470, 540, 595, 675, 790, 834, 861, 1011]
    expect([...matrix.indices]).toEqual(columns)
  })
})

const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'B', ' ', '\t', '房', '间', '，', '😀', 'Ｃ', 'é'),
  maxLength: 12,
})
const options = fc.record({
  analyzer: fc.constantFrom('word', 'jieba', 'char'),
  ngrams: fc.constantFrom([1, 1], [1, 3], [2, 2]),
  minDf: fc.constantFrom(1, 2, 0.1),
  sublinearTf: fc.boolean(),
}) as fc.Arbitrary<VectorizerOptions>

describe('a fitted vectorizer', () => {
  it('transforms the texts of its fit into the matrix of the fit, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 8 }), options, (texts, given) => {
        const all = ['ab 房间 ab', 'ab 房间 ab', ...texts]
        const { data, matrix } = fitTextVectorizer(all, given)
        expect(new TextVectorizer(data).transform(all)).toEqual(matrix)
        const names = namesOf(data)
        expect(new Set(names).size).toBe(data.columns)
        const ordered = given.analyzer === 'char' ? names.toSorted(compareCodePoints) : names
        expect(names).toEqual(ordered)
      }),
      { numRuns: 40 },
    )
  })

  it('finds every occurrence in the text as it was given', () => {
    const { data } = fitTextVectorizer(['good tea', 'ok: 满意'], { ngrams: [1, 2] })
    const given = '😀ＧＯＯＤ   Tea, ok 满意 Good ﬁn'
    const names = namesOf(data)
    const found = new TextVectorizer(data).occurrences(given)
    expect(found.map(({ column, start, end }) => [names[column], given.slice(start, end)])).toEqual([
      ['good', 'ＧＯＯＤ'],
      ['good tea', 'ＧＯＯＤ   Tea'],
      ['tea', 'Tea'],
      ['ok', 'ok'],
      ['ok 满意', 'ok 满意'],
      ['满意', '满意'],
      ['good', 'Good'],
    ])
  })

  it('has an empty row for a text without known terms, and takes broken text', () => {
    const { data } = fitTextVectorizer(['good tea'])
    const matrix = new TextVectorizer(data).transform(['', '   ', '\ud83d', 'good \ud83d'])
    expect([...matrix.starts]).toEqual([0, 0, 0, 0, 1])
  })

  it.each([
    [{ ngrams: [0, 1] }, /ngrams is 0-1/],
    [{ ngrams: [1, 9] }, /ngrams goes to 9/],
    [{ minDf: -1 }, /minDf is -1/],
    [{ maxDf: 0 }, /maxDf is 0/],
    [{ maxFeatures: 0 }, /maxFeatures is 0/],
    [{ hashBits: 25 }, /hashBits is 25/],
    [{ minDf: 3 }, /no n-gram within the limits/],
  ] as readonly (readonly [VectorizerOptions, RegExp])[])('refuses %o', (given, message) => {
    expect(() => fitTextVectorizer(['a text', 'a text'], given)).toThrow(message)
  })
})
