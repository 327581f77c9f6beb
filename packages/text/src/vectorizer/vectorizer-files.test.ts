import { describe, expect, it } from 'vitest'
import { fitTextVectorizer } from './fit-vectorizer.ts'
import { decodeTextVectorizer, encodeTextVectorizer } from './vectorizer-files.ts'

const texts = ['很好 good tea', '很好 bad tea']
const vocabulary = fitTextVectorizer(texts, { ngrams: [2, 3], userWords: [{ word: '好茶' }] }).data
const hashed = fitTextVectorizer(texts, { hashBits: 6, analyzer: 'char' }).data

it.each([['vocabulary', vocabulary] as const, ['hashing', hashed] as const])('a %s comes back as it was', (_, data) => {
  expect(decodeTextVectorizer(encodeTextVectorizer(data))).toEqual(data)
})

describe('files that are not whole', () => {
  const change = (path: string, edit: (content: Uint8Array) => Uint8Array | undefined) => () => {
    const files = new Map(encodeTextVectorizer(vocabulary))
    const edited = edit(Uint8Array.from(files.get(path) ?? []))
    if (edited === undefined) files.delete(path)
    else files.set(path, edited)
    return decodeTextVectorizer(files)
  }
  const header = (edit: (record: Record<string, unknown>) => void) =>
    change('vectorizer/vectorizer.json', (content) => {
      const record = JSON.parse(Buffer.from(content).toString()) as Record<string, unknown>
      edit(record)
      return Buffer.from(JSON.stringify(record))
    })
  const integer = (path: string, at: number, value: number) =>
    change(path, (content) => {
      new DataView(content.buffer).setInt32(4 * at, value, true)
      return content
    })

  it.each([
    ['missing', change('vectorizer/idf.f64', () => undefined), /idf.f64: is missing/],
    ['cut', change('vectorizer/idf.f64', (content) => content.subarray(0, -1)), /idf.f64: has/],
    ['not finite', change('vectorizer/idf.f64', (content) => content.fill(0xff)), /not finite/],
    ['no JSON', change('vectorizer/tokens.json', () => Uint8Array.of(0x7b)), /tokens.json: is not JSON/],
    ['no tokens', change('vectorizer/tokens.json', () => Buffer.from('[1]')), /not an array of strings/],
    ['a later parent', integer('vectorizer/parents.i32', 0, 1), /parents.i32: entry 0 is 1/],
    ['an unknown token', integer('vectorizer/token-of.i32', 0, 99), /token-of.i32: entry 0 is 99/],
    ['a wrong column', integer('vectorizer/column-of.i32', 0, 5), /column-of.i32: entry 0 is 5/],
    ['another format', header((record) => (record['format'] = 'v0')), /format is not/],
    ['another kind', header((record) => (record['features'] = { kind: 'x' })), /kind of the features/],
    ['bad n-grams', header((record) => (record['analysis'] = { ...vocabulary.analysis, ngrams: [3, 1] })), /ngrams/],
    [
      'words that are none',
      header((record) => (record['analysis'] = { ...vocabulary.analysis, userWords: [{ word: '词' }, { word: 5 }] })),
      /userWords has no word and frequency at 1/,
    ],
    ['no analysis', header((record) => (record['analysis'] = {})), /analysis is not complete/],
    ['other columns', header((record) => (record['columns'] = 1)), /idf.f64: has/],
  ])('%s: refused', (_, decode, message) => {
    expect(decode).toThrow(message)
  })
})
