import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDesk, topicLabels, topicTexts, trainTopics } from '../testing.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await TestDesk.open()
  const data = await trainTopics()
  await desk.publish({ version: 'v1', data })
  await desk.publish({ version: 'v0', data, promotes: false })
  await desk.publish({ version: 'k1', data: await trainTopics('kernel-svm'), model: 'kernel' })
})
afterAll(() => desk[Symbol.asyncDispose]())

const post = (payload: object | string, headers = {}) => desk.request('POST', '/v1/text/classify', payload, headers)
const json = { 'content-type': 'application/json' }

describe('POST /v1/text/classify', () => {
  it('gives every document its label and the whole distribution, best first, in the order of the call', async () => {
    const { texts, labels } = topicTexts(90)
    const { results, errors } = await desk.classify(texts.map((text, row) => ({ id: `d${row}`, text })))
    expect(errors).toEqual([])
    expect(results.map(({ id }) => id)).toEqual(texts.map((_, row) => `d${row}`))
    for (const [row, { label, scores, modelVersion, isUncertain }] of results.entries()) {
      expect(label).toBe(topicLabels[labels[row] as number])
      expect(scores[0]?.label).toBe(label)
      expect(scores.map((score) => score.label).toSorted()).toEqual(topicLabels.toSorted())
      expect(scores.map(({ probability }) => probability)).toEqual(
        scores.map(({ probability }) => probability).toSorted((a, b) => b - a),
      )
      expect(scores.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6)
      expect([modelVersion, isUncertain]).toEqual(['v1', undefined])
    }
  })

  it('says the language as sent, or what it finds', async () => {
    const documents = [
      { id: 'zh', text: '快递太慢了' },
      { id: 'en', text: 'please refund me' },
      { id: 'given', text: 'please refund me', language: 'en-GB' },
      { id: 'none', text: '😀😀' },
    ]
    const { results } = await desk.classify(documents)
    expect(results.map(({ language }) => language)).toEqual(['zh', 'en', 'en-GB', 'other'])
  })

  it('gives the topK best, and marks what is below the threshold', async () => {
    const documents = [
      { id: 'sure', text: '我要退款' },
      { id: 'unsure', text: 'xyzzy' },
    ]
    const { results } = await desk.classify(documents, { topK: 2, threshold: 0.8 })
    expect(results.map(({ scores }) => scores.length)).toEqual([2, 2])
    expect(results.map(({ isUncertain }) => isUncertain)).toEqual([undefined, true])
    expect((await desk.classify(documents, { topK: 50 })).results[0]?.scores).toHaveLength(3)
  })

  it('gives a text as many labels as it has, of a model of labels that do not exclude each other', async () => {
    const several = await trainTopics()
    const curves = several.labels.map(() => ({ slope: -8, intercept: 0 }))
    const calibration = { kind: 'independent', curves } as const
    await desk.publish({ version: 'm1', model: 'several', data: { ...several, calibration } })
    const documents = [
      { id: 'one', text: 'please refund me' },
      { id: 'none', text: 'xyzzy' },
    ]
    const { results } = await desk.classify(documents, { model: 'several' })
    expect(results[0]).toMatchObject({ label: 'refund', labels: ['refund'] })
    expect(results[1]?.labels).toEqual([])
  })

  it('names what cannot be classified and answers the rest', async () => {
    const documents = [
      { id: 'empty', text: '' },
      { id: 'a', text: 'please refund me' },
      { id: 'blank', text: ' \n\t　' },
      { id: 'a', text: 'again' },
      { id: 'long', text: '长'.repeat(100_001) },
      { id: 'just', text: `${'😀'.repeat(99_990)}please ref` },
      { id: 'broken', text: '\ud800 please refund me \udc00' },
    ]
    const { results, errors } = await desk.classify(documents)
    expect(results.map(({ id }) => id)).toEqual(['a', 'just', 'broken'])
    expect(results[2]?.label).toBe('refund')
    expect(errors.map(({ id, code }) => `${id} ${code}`)).toEqual([
      'empty RPT_TEXT_EMPTY',
      'blank RPT_TEXT_EMPTY',
      'a RPT_TEXT_DUPLICATE_ID',
      'long RPT_TEXT_TOO_LONG',
    ])
  })

  it('refuses calls that are too large, and says how large they may be', async () => {
    const documents = Array.from({ length: 1001 }, (_, at) => ({ id: `${at}`, text: 'a' }))
    const many = await post({ documents })
    expect([many.statusCode, many.json().error.code]).toEqual([413, 'RPT_TEXT_TOO_MANY_DOCUMENTS'])
    expect(many.json().error.message).toContain('at most 1000 documents, not 1001')
    expect((await post({ documents: documents.slice(1) })).statusCode).toBe(200)
    const explained = await post({ documents: documents.slice(0, 21), explain: true })
    expect([explained.statusCode, explained.json().error.code]).toEqual([413, 'RPT_TEXT_TOO_MANY_DOCUMENTS'])
    const large = await post({ documents: [{ id: 'a', text: 'a'.repeat(1024 ** 2) }] })
    expect([large.statusCode, large.json().error.code]).toEqual([413, 'RPT_HTTP_TOO_LARGE'])
  })

  it('names field and reason of a body that is not one', async () => {
    const field = async (body: object): Promise<string> => {
      const answer = await post(body)
      expect(answer.statusCode).toBe(400)
      return answer.json().error.details[0].field
    }
    expect(await field({})).toBe('documents')
    expect(await field({ documents: [] })).toBe('documents')
    expect(await field({ documents: [{ id: 'a' }] })).toBe('documents.0.text')
    expect(await field({ documents: [{ id: 'a', text: 'b' }], topk: 2 })).toBe('topk')
    expect(await field({ documents: [{ id: 'a', text: 'b' }], model: 'Not A Name' })).toBe('model')
    expect(await field({ documents: [{ id: 'a', text: 'b' }], threshold: 2 })).toBe('threshold')
    const invalid = await post(Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), json)
    expect([invalid.statusCode, invalid.json().error.code]).toEqual([400, 'RPT_HTTP_MALFORMED'])
    const none = await desk.request('POST', '/v1/text/classify')
    expect([none.statusCode, none.json().error.code]).toEqual([400, 'RPT_HTTP_MALFORMED'])
    expect((await post('a,b', { 'content-type': 'text/csv' })).statusCode).toBe(415)
  })

  it('takes emoji, traditional characters, mixed languages and the longest text, and refuses what is no UTF-8 or compressed', async () => {
    const texts = [
      '我要退款 👍🏽',
      '我要退貨退款，請退錢給我',
      'please refund me 请退钱',
      `${'请退钱给我'.repeat(19_999)}我要退款。`,
    ]
    const { results, errors } = await desk.classify(texts.map((text, at) => ({ id: `${at}`, text })))
    expect(errors).toEqual([])
    expect(results.map(({ label }) => label)).toEqual(texts.map(() => 'refund'))
    const send = async (body: Buffer): Promise<unknown> => {
      const answer = await desk.request('POST', '/v1/text/classify', body, { 'content-type': 'application/json' })
      return [answer.statusCode, answer.json().error.message]
    }
    const whole = Buffer.from('{"documents":[{"id":"a","text":"refund?"}]}')
    expect(await send(gzipSync(whole))).toEqual([400, 'The body is compressed by gzip, which is not taken here.'])
    whole[whole.indexOf('?')] = 0xff
    expect(await send(whole)).toEqual([400, 'The body is not UTF-8.'])
  })

  it('takes a version by name beside the champion, and another model', async () => {
    const documents = [{ id: 'a', text: '我要退款' }]
    expect((await desk.classify(documents, { version: 'v0' })).results[0]?.modelVersion).toBe('v0')
    expect((await desk.classify(documents, { model: 'kernel' })).results[0]).toMatchObject({
      modelVersion: 'k1',
      label: 'refund',
    })
    const missing = await post({ documents, version: 'v9' })
    expect([missing.statusCode, missing.json().error.code]).toEqual([404, 'RPT_HTTP_NOT_FOUND'])
    expect(missing.json().error.message).toContain('version "v9" of the model "text"')
  })

  it('says how to train a model where there is none, and what a name means that is no text model', async () => {
    const documents = [{ id: 'a', text: 'a' }]
    const none = await post({ documents, model: 'nothing' })
    expect([none.statusCode, none.json().error.code]).toEqual([409, 'RPT_TEXT_NO_MODEL'])
    expect(none.json().error.message).toContain('rapport train text --data file.csv --text TEXT --label LABEL')
    await desk.publish({ version: 'r1', data: await trainTopics(), model: 'recommender', task: 'recommendation' })
    await desk.publish({ version: 'r1', data: await trainTopics(), model: 'sentiment', task: 'sentiment' })
    const others = ['recommender', 'sentiment'].flatMap((model) => [{ model }, { model, version: 'r1' }])
    for (const more of others) {
      const other = await post({ documents, ...more })
      expect([other.statusCode, other.json().error.code]).toEqual([409, 'RPT_TEXT_MODEL_REFUSED'])
    }
  })

  it('wants a key with the scope', async () => {
    const key = await desk.platform.issueKey('shop', ['recommend'])
    const answer = await post({ documents: [{ id: 'a', text: 'a' }] }, { authorization: `Bearer ${key}` })
    expect(answer.statusCode).toBe(403)
  })

  it('answers each tenant by its own models', async () => {
    const key = await desk.platform.issueKey('other', ['text'])
    const answer = await post({ documents: [{ id: 'a', text: 'a' }] }, { authorization: `Bearer ${key}` })
    expect(answer.json().error.code).toBe('RPT_TEXT_NO_MODEL')
  })
})

describe('explanations', () => {
  const text = '你好，I want my money back'

  it('of a linear model sum to the score, token by token at their places', async () => {
    const { results } = await desk.classify([{ id: 'a', text }], { explain: true })
    const { explanation } = results[0] ?? {}
    expect(explanation).toMatchObject({ label: 'refund', method: 'linear-shap', of: 'score', offsets: 'utf-16' })
    const { tokens = [], base = 0, value } = explanation ?? {}
    expect(tokens.reduce((sum, { weight }) => sum + weight, base)).toBeCloseTo(value ?? 0, 6)
    for (const token of tokens) expect(text.slice(token.start, token.end)).toBe(token.text)
    const most = tokens.reduce((a, b) => (b.weight > a.weight ? b : a))
    expect(['want', 'my', 'money', 'back']).toContain(most.text)
  })

  it('are of the label that is named, and of one that the model knows', async () => {
    const { results } = await desk.classify([{ id: 'a', text }], { explain: { label: 'praise' } })
    expect(results[0]).toMatchObject({ label: 'refund', explanation: { label: 'praise' } })
    const answer = await post({ documents: [{ id: 'a', text }], explain: { label: 'anger' } })
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'RPT_TEXT_LABEL_UNKNOWN'])
    expect(answer.json().error.details).toEqual([
      { field: 'explain.label', reason: 'must be one of delivery, refund, praise' },
    ])
  })

  it('of a kernel machine are LIME, the same for the same seed', async () => {
    const call = { model: 'kernel', explain: { samples: 300, seed: 7 } }
    const [first, second] = [
      await desk.classify([{ id: 'a', text }], call),
      await desk.classify([{ id: 'a', text }], call),
    ]
    const { explanation } = first.results[0] ?? {}
    expect(explanation).toMatchObject({ method: 'lime', of: 'probability', label: 'refund' })
    expect(explanation?.localR2).toBeGreaterThan(0)
    expect(explanation?.value).toBeCloseTo(first.results[0]?.scores[0]?.probability ?? 0, 6)
    expect(second).toEqual(first)
  })

  it('leave the label where a text is too long for one, or time is up', async () => {
    const long = `${'word '.repeat(2_100)} I want my money back`
    const { results } = await desk.classify(
      [
        { id: 'a', text: long },
        { id: 'b', text },
      ],
      { explain: true },
    )
    expect(results[0]).toMatchObject({ explanationError: { code: 'RPT_TEXT_EXPLANATION_TOO_LONG' } })
    expect(results[1]?.explanation).toBeDefined()
    await using slow = await TestDesk.open({ explainTimeoutMs: 1 })
    await slow.publish({ version: 'k1', data: await trainTopics('kernel-svm') })
    const answer = await slow.classify([{ id: 'a', text: long.slice(-9_000) }], { explain: { samples: 5_000 } })
    expect(answer.results[0]).toMatchObject({ id: 'a', explanationError: { code: 'RPT_TEXT_EXPLANATION_TIMEOUT' } })
    // SHAP does not wait by itself: its deadline passes between two documents.
    await slow.publish({ version: 'v1', data: await trainTopics(), model: 'linear' })
    const many = Array.from({ length: 20 }, (_, at) => ({ id: `${at}`, text: long.slice(-9_000) }))
    const { results: late } = await slow.classify(many, { model: 'linear', explain: true })
    expect(late.map(({ label }) => label)).toEqual(Array(20).fill(late[0]?.label))
    expect(late.at(-1)).toMatchObject({ explanationError: { code: 'RPT_TEXT_EXPLANATION_TIMEOUT' } })
  })
})

describe('GET /v1/text/models', () => {
  it('lists the models that classify texts, with labels and quality', async () => {
    const { models } = (await desk.request('GET', '/v1/text/models')).json()
    expect(models.map(({ name, champion }: { name: string; champion: string }) => `${name}@${champion}`)).toEqual([
      'kernel@k1',
      'several@m1',
      'text@v1',
    ])
    expect(models[1]).toMatchObject({ multiLabel: true })
    expect(models[2]).toEqual({
      name: 'text',
      task: 'text-classification',
      champion: 'v1',
      algorithm: 'linear',
      labels: [...topicLabels],
      metrics: { test: { accuracy: 1 } },
      createdAt: expect.any(String),
    })
  })
})
