import type { SentimentResult } from '@rapport/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDesk, trainSentiments } from '../testing.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await TestDesk.open()
  const data = await trainSentiments()
  await desk.publish({ version: 'v1', data })
  await desk.publish({ version: 'v0', data, promotes: false })
  await desk.publish({ version: 'd1', data: await trainSentiments(2), model: 'two' })
})
afterAll(() => desk[Symbol.asyncDispose]())

const post = (payload: object | string, headers = {}) => desk.request('POST', '/v1/sentiment/analyze', payload, headers)
const analyze = async (text: string, more: object = {}): Promise<SentimentResult> => {
  const { results, errors } = await desk.classify([{ id: 'a', text }], more)
  expect(errors).toEqual([])
  return results[0] as SentimentResult
}
const sentencesOf = (text: string, { sentences }: SentimentResult): string[] =>
  sentences.map(({ start, end }) => text.slice(start, end))
const labelsOf = ({ sentences }: SentimentResult): string[] => sentences.map(({ label }) => label)
const sum = (scores: SentimentResult['scores']): number => scores.reduce((all, { probability }) => all + probability, 0)

describe('POST /v1/sentiment/analyze', () => {
  it.each([
    ['质量太差，很失望', 'negative', 'zh'],
    ['服務很棒', 'positive', 'zh'],
    ['顏色是藍色', 'neutral', 'zh'],
    ['It works very well 👍', 'positive', 'en'],
    ['it broke at once', 'negative', 'en'],
    ['the parcel came on monday', 'neutral', 'en'],
  ])('%s', async (text, label, language) => {
    const result = await analyze(text)
    expect(result).toMatchObject({ id: 'a', label, language, modelVersion: 'v1' })
    expect(result.scores[0]?.label).toBe(label)
    expect(result.scores).toHaveLength(3)
    expect(sum(result.scores)).toBeCloseTo(1, 6)
    // One sentence: the document's label and scores are its own.
    const codePoints = Array.from(text).length
    const { scores } = result
    expect(result.sentences).toEqual([
      { start: 0, end: text.length, startCodePoint: 0, endCodePoint: codePoints, label, scores },
    ])
  })

  it('labels each sentence at its place, and calls a document mixed whose sentences disagree', async () => {
    const text = ' 质量很好👍👍。周一收到。Terrible quality!'
    const result = await analyze(text)
    expect(sentencesOf(text, result)).toEqual(['质量很好👍👍。', '周一收到。', 'Terrible quality!'])
    expect(labelsOf(result)).toEqual(['positive', 'neutral', 'negative'])
    for (const { start, end, startCodePoint, endCodePoint, scores } of result.sentences) {
      expect(Array.from(text).slice(startCodePoint, endCodePoint).join('')).toBe(text.slice(start, end))
      expect(sum(scores)).toBeCloseTo(1, 6)
    }
    expect([result.label, result.language]).toEqual(['mixed', 'zh'])
    expect(result.scores.map(({ label }) => label).toSorted()).toEqual(['negative', 'neutral', 'positive'])
    expect((await analyze('质量很好。周一收到。Great value!')).label).toBe('positive')
  })

  it('answers what is nothing but marks or emoji by what the model says of nothing', async () => {
    for (const text of ['?! ...', '。。。', '😀😀\n😀']) {
      const { label, sentences, language } = await analyze(text)
      expect(sentences).toHaveLength(1)
      expect(['negative', 'neutral', 'positive']).toContain(label)
      expect(language).toBe('other')
    }
  })

  it('names what cannot be analyzed and answers the rest in order', async () => {
    const documents = [
      { id: 'b', text: '质量很好' },
      { id: 'blank', text: ' \n\t　' },
      { id: 'b', text: 'again' },
      { id: 'long', text: '长'.repeat(100_001) },
      { id: 'a', text: '\ud800 terrible quality \udc00', language: 'en-GB' },
    ]
    const { results, errors } = await desk.classify(documents)
    expect(results.map(({ id, label, language }) => [id, label, language])).toEqual([
      ['b', 'positive', 'zh'],
      ['a', 'negative', 'en-GB'],
    ])
    expect(errors.map(({ id, code }) => `${id} ${code}`)).toEqual([
      'blank RPT_TEXT_EMPTY',
      'b RPT_TEXT_DUPLICATE_ID',
      'long RPT_TEXT_TOO_LONG',
    ])
  })

  it('has at most a thousand sentences of a document, the last with all that is beyond', async () => {
    const text = `${'质量很好。'.repeat(1_500)}${'很失望。'.repeat(1_500)}`
    const result = await analyze(text)
    expect(result.sentences).toHaveLength(1_000)
    expect(result.sentences.at(-1)).toMatchObject({ start: 4_995, end: text.length, endCodePoint: text.length })
    expect(labelsOf(result).slice(0, -1)).toEqual(Array(999).fill('positive'))
  })

  it('takes models without neutral, versions by name, and a threshold', async () => {
    const two = await analyze('周一收到。质量很好。质量太差。', { model: 'two' })
    expect(two.scores.map(({ label }) => label).toSorted()).toEqual(['negative', 'positive'])
    expect([two.label, two.modelVersion]).toEqual(['mixed', 'd1'])
    expect((await analyze('质量很好', { version: 'v0' })).modelVersion).toBe('v0')
    expect((await analyze('xyzzy', { threshold: 0.9 })).isUncertain).toBe(true)
    expect((await analyze('质量很好', { threshold: 0.5 })).isUncertain).toBeUndefined()
  })

  it('explains the most probable label of the document, whatever its sentences say', async () => {
    const text = 'It works very well. Works very well! Terrible quality.'
    const { label, scores, explanation } = await analyze(text, { explain: true })
    expect(label).toBe('mixed')
    expect(explanation).toMatchObject({ label: scores[0]?.label, method: 'linear-shap', offsets: 'utf-16' })
    const { tokens = [], base = 0, value } = explanation ?? {}
    expect(tokens.reduce((all, { weight }) => all + weight, base)).toBeCloseTo(value ?? 0, 5)
    const named = await analyze(text, { explain: { label: 'negative' } })
    expect(named.explanation?.label).toBe('negative')
    const unknown = await post({ documents: [{ id: 'a', text }], explain: { label: 'mixed' } })
    expect([unknown.statusCode, unknown.json().error.code]).toEqual([400, 'RPT_TEXT_LABEL_UNKNOWN'])
  })

  it('takes the longest text, and refuses what is no UTF-8', async () => {
    const sentence = '质量很好，真的。'
    const longest = sentence.repeat(100_000 / sentence.length)
    const { label, sentences } = await analyze(longest)
    expect([longest.length, label, sentences.length]).toEqual([100_000, 'positive', 1_000])
    const whole = Buffer.from(JSON.stringify({ documents: [{ id: 'a', text: 'fine?' }] }))
    whole[whole.indexOf('?')] = 0xff
    const answer = await desk.request('POST', '/v1/sentiment/analyze', whole, { 'content-type': 'application/json' })
    expect([answer.statusCode, answer.json().error.message]).toEqual([400, 'The body is not UTF-8.'])
  })

  it('refuses what is no call, and says how to train', async () => {
    const field = async (body: object): Promise<string> => (await post(body)).json().error.details[0].field
    const documents = [{ id: 'a', text: 'b' }]
    expect(await field({ documents: [{ id: 'a' }] })).toBe('documents.0.text')
    expect(await field({ documents, topK: 1 })).toBe('topK')
    const many = await post({ documents: Array.from({ length: 1001 }, (_, at) => ({ id: `${at}`, text: 'a' })) })
    expect([many.statusCode, many.json().error.code]).toEqual([413, 'RPT_TEXT_TOO_MANY_DOCUMENTS'])
    const lines = Array.from({ length: 51 }, (_, at) => ({ id: `${at}`, text: 'a\n'.repeat(1_000) }))
    const long = await post({ documents: lines })
    expect([long.statusCode, long.json().error.code]).toEqual([413, 'RPT_SENTIMENT_TOO_MANY_SENTENCES'])
    const none = await post({ documents, model: 'nothing' })
    expect([none.statusCode, none.json().error.code]).toEqual([409, 'RPT_TEXT_NO_MODEL'])
    expect(none.json().error.message).toContain('rapport train sentiment --data file.csv')
    const key = await desk.platform.issueKey('shop', ['recommend'])
    expect((await post({ documents }, { authorization: `Bearer ${key}` })).statusCode).toBe(403)
  })

  it('answers a stream line by line as it answers a call', async () => {
    const texts = ['质量很好。Terrible quality!', ' ', 'it is blue']
    const body = texts.map((text, row) => `${JSON.stringify({ id: `${row}`, text })}\n`).join('')
    const answer = await desk.request('POST', '/v1/sentiment/analyze?threshold=0.2', body, {
      'content-type': 'application/x-ndjson',
    })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
    const [first, second, third] = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(second).toEqual({ error: { line: 2, id: '1', code: 'RPT_TEXT_EMPTY', message: expect.any(String) } })
    const called = await desk.classify([
      { id: '0', text: texts[0] },
      { id: '2', text: texts[2] },
    ])
    expect([first, third]).toEqual(called.results)
    expect(called.results.map(({ label }) => label)).toEqual(['mixed', 'neutral'])
  })
})
