import type { TextClassifierData } from '@rapport/text-models'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestDesk, trainSentiments } from './testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeAll(async () => {
  desk = await TestDesk.open()
  data = await trainSentiments()
  await desk.publish({ version: 'v1', data })
})
afterAll(() => desk[Symbol.asyncDispose]())

const documents = [
  { id: 'good', text: '质量很好' },
  { id: 'mixed', text: '质量很好。Terrible quality!' },
]

describe('createSentimentService', () => {
  it('refuses models of another task and of labels that are no sentiments', async () => {
    await desk.publish({ version: 't1', data, model: 'topics', task: 'text-classification' })
    await desk.publish({ version: 'l1', data: { ...data, labels: ['sad', 'neutral', 'positive'] }, model: 'moods' })
    for (const [model, version] of [
      ['topics', 't1'],
      ['moods', 'l1'],
    ]) {
      for (const more of [{ model }, { model, version }]) {
        const answer = await desk.request('POST', '/v1/sentiment/analyze', { documents, ...more })
        expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'RPT_TEXT_MODEL_REFUSED'])
      }
    }
    const { models } = (await desk.request('GET', '/v1/sentiment/models')).json()
    expect(models.map(({ name, task }: { name: string; task: string }) => `${name} ${task}`)).toEqual([
      'moods sentiment',
      'sentiment sentiment',
    ])
  })

  it('speaks the Open Inference Protocol below its prefix', async () => {
    const root = '/v1/sentiment/v2'
    expect((await desk.request('GET', root)).json()).toMatchObject({ name: '@rapport/sentiment' })
    expect((await desk.request('GET', `${root}/models/sentiment`)).json()).toMatchObject({ versions: ['v1'] })
    const texts = documents.map(({ text }) => text)
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [2], data: texts }]
    const answer = await desk.request('POST', `${root}/models/sentiment/infer`, { inputs })
    const [label, probabilities, labels] = answer.json().outputs
    expect([answer.statusCode, label.data[0], labels.data]).toEqual([200, 'positive', [...data.labels]])
    const { results } = await desk.classify(documents)
    expect(probabilities.data).toEqual(
      results.flatMap(({ scores }) =>
        data.labels.map((name) => scores.find((score) => score.label === name)?.probability),
      ),
    )
    const missing = await desk.request('POST', `${root}/models/nothing/infer`, { inputs })
    expect(missing.json()).toEqual({ error: expect.stringContaining('rapport train sentiment') })
  })

  it('counts documents by the label that the model gives them, beside a shadow that labels them too', async () => {
    const [negative, neutral, positive] = data.labels as [string, string, string]
    await desk.publish({ version: 's1', data: { ...data, labels: [positive, neutral, negative] }, promotes: false })
    await desk.store.promote({ tenant: 'shop', name: 'sentiment', alias: 'shadow' }, 's1')
    const monitored = async () => (await desk.request('GET', '/v1/sentiment/models/sentiment/monitoring')).json()
    await vi.waitFor(
      async () => {
        await desk.classify(documents)
        const [own, shadow] = (await monitored()).versions
        expect(own.labels.map(({ label }: { label: string }) => label)).toEqual(data.labels)
        expect(shadow).toMatchObject({ version: 's1', shadowAgreement: 0 })
      },
      { timeout: 8_000 },
    )
    expect(await desk.metric('rapport_sentiment_documents_total')).toContain('version="v1",outcome="classified"')
    expect(await desk.metric('rapport_sentiment_shadow_documents_total')).toMatch(/s1",outcome="differs"} [1-9]/)
  })
})
