import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestDesk, topicLabels, topicTexts, trainTopics } from '../testing.ts'

let desk: TestDesk
beforeAll(async () => {
  desk = await TestDesk.open()
  const data = await trainTopics()
  await desk.publish({ version: 'v1', data })
  await desk.publish({ version: 'v0', data, promotes: false })
})
afterAll(() => desk[Symbol.asyncDispose]())

const root = '/v1/text/v2'
const get = async (path: string) => {
  const answer = await desk.request('GET', root + path)
  return [answer.statusCode, answer.json()] as const
}
const infer = async (body: object | string, path = '/models/text/infer', headers = {}) => {
  const answer = await desk.request('POST', root + path, body, headers)
  return [answer.statusCode, answer.json()] as const
}
const input = (data: readonly unknown[], more: object = {}) => ({
  name: 'text',
  datatype: 'BYTES',
  shape: [data.length],
  data,
  ...more,
})

describe('the Open Inference Protocol', () => {
  it('describes the server and its models, and says what is ready', async () => {
    expect(await get('')).toEqual([200, { name: '@rapport/text-classification', version: '0.1.0', extensions: [] }])
    expect(await get('/health/live')).toEqual([200, { live: true }])
    expect(await get('/health/ready')).toEqual([200, { live: true, ready: true }])
    const tensors = {
      platform: 'rapport_linear',
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
        { name: 'labels', datatype: 'BYTES', shape: [3] },
      ],
    }
    expect(await get('/models/text')).toEqual([200, { name: 'text', versions: ['v0', 'v1'], ...tensors }])
    expect(await get('/models/text/versions/v0')).toEqual([200, { name: 'text', versions: ['v0'], ...tensors }])
    for (const path of ['/models/text/ready', '/models/text/versions/v0/ready']) {
      expect(await get(path)).toEqual([200, { name: 'text', ready: true }])
    }
  })

  it('labels texts as tensors, as the other route does', async () => {
    const { texts, labels } = topicTexts(60)
    const [status, body] = await infer({ id: 'call-1', inputs: [input(texts)] })
    expect([status, body.model_name, body.model_version, body.id]).toEqual([200, 'text', 'v1', 'call-1'])
    const [label, probabilities, names] = body.outputs
    expect(label).toEqual({
      name: 'label',
      datatype: 'BYTES',
      shape: [60],
      data: [...labels].map((each) => topicLabels[each]),
    })
    expect(names).toEqual({ name: 'labels', datatype: 'BYTES', shape: [3], data: [...topicLabels] })
    expect([probabilities.datatype, probabilities.shape]).toEqual(['FP32', [60, 3]])
    const { results } = await desk.classify(texts.map((text, row) => ({ id: `${row}`, text })))
    const expected = results.flatMap(({ scores }) =>
      topicLabels.map((name) => scores.find((score) => score.label === name)?.probability),
    )
    expect(probabilities.data).toEqual(expected)
  })

  it('takes a version, columns of one, and the outputs that are wanted', async () => {
    const body = { inputs: [input([['我要退款'], ['great shop']], { shape: [2, 1] })], outputs: [{ name: 'label' }] }
    expect(await infer(body, '/models/text/versions/v0/infer')).toEqual([
      200,
      {
        model_name: 'text',
        model_version: 'v0',
        outputs: [{ name: 'label', datatype: 'BYTES', shape: [2], data: ['refund', 'praise'] }],
      },
    ])
  })

  const refused: readonly [string, object][] = [
    ['The model takes one input, text, not 0.', { inputs: [] }],
    ['The model takes one input, text, not 2.', { inputs: [input(['a']), input(['b'])] }],
    ['The input "x" is not known; the model takes text.', { inputs: [input(['a'], { name: 'x' })] }],
    ['The input "text" has the datatype FP32, not BYTES.', { inputs: [input([1], { datatype: 'FP32' })] }],
    ['The input "text" has the shape [1, 2], not [n] or [n, 1].', { inputs: [input(['a', 'b'], { shape: [1, 2] })] }],
    ['The input "text" has 1 elements, not the 2 of its shape.', { inputs: [input(['a'], { shape: [2] })] }],
    ['The input "text" has an element 1 that is no string.', { inputs: [input(['a', 2])] }],
    ['The input "text" has an element 0 that cannot be classified (RPT_TEXT_EMPTY).', { inputs: [input([' '])] }],
    [
      'The model has no output "score"; it has label, probabilities, labels.',
      { inputs: [input(['a'])], outputs: [{ name: 'score' }] },
    ],
    ['The request is not valid: inputs is required.', {}],
  ]
  it.each(refused)('refuses with a message: %s', async (error, body) => {
    expect(await infer(body)).toEqual([400, { error }])
  })

  it('answers every other error in the form of the protocol too', async () => {
    const body = { inputs: [input(['a'])] }
    expect(await infer(body, '/models/nothing/infer')).toEqual([
      409,
      { error: expect.stringContaining('rapport train') },
    ])
    expect(await get('/models/text/versions/v9/ready')).toEqual([404, { error: expect.stringContaining('"v9"') }])
    expect(await infer({ inputs: [input(Array.from({ length: 1001 }, () => 'a'))] })).toEqual([
      413,
      { error: 'A call has at most 1000 texts, not 1001.' },
    ])
    expect(await infer('{', undefined, { 'content-type': 'application/json' })).toEqual([
      400,
      { error: 'The body is not JSON.' },
    ])
    expect((await infer('a', undefined, { 'content-type': 'application/x-ndjson' }))[0]).toBe(415)
    expect(await infer(body, undefined, { authorization: 'Bearer rpt_unknown' })).toEqual([
      401,
      { error: expect.any(String) },
    ])
  })
})
