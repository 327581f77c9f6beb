import type { TextClassifierData } from '@rapport/text-models'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestDesk, topicTexts, trainTopics } from '../testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeAll(async () => {
  desk = await TestDesk.open()
  data = await trainTopics()
  await desk.publish({ version: 'v1', data })
})
afterAll(() => desk[Symbol.asyncDispose]())

const { texts } = topicTexts(30)
const documents = texts.map((text, row) => ({ id: `${row}`, text }))
const shadow = { tenant: 'shop', name: 'text', alias: 'shadow' } as const
const monitoring = async () => (await desk.request('GET', '/v1/text/models/text/monitoring')).json().versions

describe('a shadow', () => {
  it('labels what was answered, is compared with it, and is never seen', async () => {
    const before = await desk.classify(documents)
    // Two labels of three have changed places.
    const [delivery, refund, praise] = data.labels as [string, string, string]
    const swapped = { ...data, labels: [refund, delivery, praise] }
    await desk.publish({ version: 's1', data: swapped, promotes: false })
    await desk.store.promote(shadow, 's1')
    await vi.waitFor(async () => {
      expect(await desk.classify(documents)).toEqual(before)
      expect(await desk.metric('rapport_text_shadow_documents_total')).toMatch(/s1",outcome="differs"} [1-9]/)
    })
    await vi.waitFor(async () => {
      const found = (await monitoring()).find(({ version }: { version: string }) => version === 's1')
      expect(found.documents % documents.length).toBe(0)
      expect(found.shadowAgreement).toBeCloseTo(1 / 3, 6)
    })
    expect(await desk.metric('rapport_text_documents_total')).not.toContain('s1')

    const countOf = async (): Promise<number> =>
      (await monitoring()).find(({ version }: { version: string }) => version === 's1').documents
    // Of the calls before, whole calls have been labelled.
    const streamed = documents.slice(0, 7)
    const lines = streamed.map((each) => `${JSON.stringify(each)}\n`).join('')
    await desk.request('POST', '/v1/text/classify', lines, { 'content-type': 'application/x-ndjson' })
    await vi.waitFor(async () => expect((await countOf()) % documents.length).toBe(streamed.length))
  })

  it('that must not serve is refused, and one that answers is no shadow of itself', async () => {
    const selfCheck = { texts: ['a'], probabilities: [[1, 0, 0]] }
    await desk.publish({ version: 's2', data, selfCheck, promotes: false })
    await desk.store.promote(shadow, 's2')
    await vi.waitFor(async () =>
      expect(await desk.metric('rapport_text_model_refusals')).toContain('reason="self-check"} 1'),
    )
    await desk.store.promote(shadow, 'v1')
    await vi.waitFor(async () => {
      const versions = (await monitoring()).map(({ version }: { version: string }) => version)
      expect(versions).toEqual(['v1', 'v1'])
    })
    await desk.classify(documents)
    const [, own] = await monitoring()
    expect(own).toMatchObject({ documents: 0, shadowAgreement: null })
  })
})
