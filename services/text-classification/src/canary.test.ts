import { countAnswers, answerMetrics, TextClassifier, type TextClassifierData } from '@rapport/text-models'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestDesk, topicTexts, trainTopics } from './testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeAll(async () => {
  desk = await TestDesk.open()
  data = await trainTopics()
  await desk.publish({ version: 'v1', data })
  await desk.publish({ version: 'c1', data, promotes: false })
})
afterAll(() => desk[Symbol.asyncDispose]())

const challenger = { tenant: 'shop', name: 'text', alias: 'challenger' } as const
const { texts } = topicTexts(100)
const documents = texts.map((text, row) => ({ id: `${row}`, text: `${text} ${row}` }))

/** By document, the version that has answered it. */
async function answerers(sent: readonly object[] = documents, more: object = {}): Promise<readonly string[]> {
  return (await desk.classify(sent, more)).results.map(({ modelVersion }) => modelVersion)
}
const shareOf = (version: string, answered: readonly string[]): number =>
  answered.filter((each) => each === version).length / answered.length

describe('a challenger with a share', () => {
  it('answers that share of a call, in order, and each text every time', async () => {
    await desk.store.promote(challenger, 'c1', { share: 0.3 })
    await vi.waitFor(async () => expect(await answerers()).toContain('c1'))
    const answered = await answerers()
    expect(shareOf('c1', answered)).toBeGreaterThan(0.15)
    expect(shareOf('c1', answered)).toBeLessThan(0.45)
    expect(await answerers(documents.toReversed())).toEqual(answered.toReversed())
    const { results } = await desk.classify(documents, { explain: false })
    expect(results.map(({ id }) => id)).toEqual(documents.map(({ id }) => id))
  })

  it('answers all texts of a user, or none', async () => {
    const users = ['ann', 'bob', 'cem', 'dee', 'eve', 'fei', 'gil', 'hua', 'ida', 'jun', 'kim', 'lea']
    const perUser = users.map((userId) => answerers(documents.slice(0, 10).map((each) => ({ ...each, userId }))))
    const versions = (await Promise.all(perUser)).map((answered) => [...new Set(answered)])
    expect(versions.every(({ length }) => length === 1)).toBe(true)
    expect(new Set(versions.flat())).toEqual(new Set(['v1', 'c1']))
  })

  it('keeps whom it has when its share grows, and loses all when it has none', async () => {
    const before = await answerers()
    await desk.store.promote(challenger, 'c1', { share: 0.6 })
    await vi.waitFor(async () => expect(shareOf('c1', await answerers())).toBeGreaterThan(shareOf('c1', before)))
    const after = await answerers()
    expect(before.filter((version, row) => version === 'c1' && after[row] !== 'c1')).toEqual([])
    await desk.store.promote(challenger, 'c1')
    await vi.waitFor(async () => expect(new Set(await answerers())).toEqual(new Set(['v1'])))
  })

  it('answers streams and the inference protocol, but not who names a version', async () => {
    await desk.store.promote(challenger, 'c1', { share: 1 })
    await vi.waitFor(async () => expect(new Set(await answerers())).toEqual(new Set(['c1'])))
    expect(new Set(await answerers(documents, { version: 'v1' }))).toEqual(new Set(['v1']))
    const lines = documents.map((each) => `${JSON.stringify(each)}\n`).join('')
    const stream = await desk.request('POST', '/v1/text/classify', lines, { 'content-type': 'application/x-ndjson' })
    expect(stream.body.match(/"modelVersion":"c1"/g)).toHaveLength(documents.length)
    const tensor = { name: 'text', datatype: 'BYTES', shape: [1], data: ['where is my package'] }
    const inferred = await desk.request('POST', '/v1/text/v2/models/text/infer', { inputs: [tensor] })
    expect(inferred.json()).toMatchObject({ model_version: 'c1' })
  })

  it('is counted for itself', async () => {
    const { versions } = (await desk.request('GET', '/v1/text/models/text/monitoring')).json()
    const own = versions.find(({ version }: { version: string }) => version === 'c1')
    expect(own).toMatchObject({ challengerShare: 1, drift: null })
    expect(await desk.metric('rapport_text_documents_total')).toMatch(/version="c1",outcome="classified"} [1-9]/)
  })

  it('of other labels answers nobody, nor does one that must not serve', async () => {
    const other = { ...data, labels: ['delivery', 'refund', 'thanks'] }
    await desk.publish({ version: 'c2', data: other, promotes: false })
    await desk.store.promote(challenger, 'c2', { share: 1 })
    await vi.waitFor(async () => expect(new Set(await answerers())).toEqual(new Set(['v1'])))
    const selfCheck = { texts: ['a'], probabilities: [[1, 0, 0]] }
    await desk.store.promote(challenger, 'c1', { share: 1 })
    await vi.waitFor(async () => expect(new Set(await answerers())).toEqual(new Set(['c1'])))
    await desk.publish({ version: 'c3', data, selfCheck, promotes: false })
    await desk.store.promote(challenger, 'c3', { share: 1 })
    await vi.waitFor(async () => expect(new Set(await answerers())).toEqual(new Set(['v1'])))
  })
})

describe('answers that differ from those of the training', () => {
  it('show as drift in the monitoring and the metrics', async () => {
    const classifier = new TextClassifier(data)
    const tested = Array.from({ length: Math.ceil(200 / texts.length) }, () => texts).flat()
    const metrics = answerMetrics(countAnswers(classifier.classify(tested), data.labels.length), data.labels)
    await desk.store.promote(challenger, 'c1')
    await desk.publish({ version: 'v2', data, metrics })
    await desk.serves('v2')
    const monitoring = async () => {
      const { versions } = (await desk.request('GET', '/v1/text/models/text/monitoring')).json()
      return versions.find(({ version }: { version: string }) => version === 'v2')
    }
    for (let call = 0; call < 3; call += 1) await desk.classify(documents)
    expect((await monitoring()).drift.labels).toBeLessThan(0.1)
    const refunds = documents.map(({ id }) => ({ id, text: 'please refund me' }))
    for (let call = 0; call < 20; call += 1) await desk.classify(refunds)
    const { drift } = await monitoring()
    expect(drift.labels).toBeGreaterThan(0.25)
    expect(await desk.metric('rapport_text_drift')).toContain('version="v2",of="labels"}')
  })
})
