import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { starterTenant } from '@rapport/contracts'
import type { TextClassifierData } from '@rapport/text-models'
import { TestDesk, topicTexts, trainTopics } from './testing.ts'

const probe = [{ id: 'a', text: 'where is my package' }]
let data: TextClassifierData
let desk: TestDesk
beforeAll(async () => {
  data = await trainTopics()
})
beforeEach(async () => {
  desk = await TestDesk.open()
})
afterEach(() => desk[Symbol.asyncDispose]())

const publishStarter = (version: string) => desk.publish({ tenant: starterTenant, version, data })
const list = async () => (await desk.request('GET', '/v1/text/models')).json().models
const monitoring = async (key = desk.key) => {
  const url = '/v1/text/models/text/monitoring'
  const headers = { authorization: `Bearer ${key}` }
  return (await desk.server.app.inject({ url, headers })).json().versions
}

describe('a starter model', () => {
  it('answers a tenant that has none of the name, says so, and gives way to its first one', async () => {
    expect((await desk.request('POST', '/v1/text/classify', { documents: probe })).statusCode).toBe(409)
    await publishStarter('starter-1')
    await desk.serves('starter-1')
    const { results } = await desk.classify(probe)
    expect(results).toMatchObject([{ label: 'delivery', modelVersion: 'starter-1', isStarter: true }])
    expect(await list()).toMatchObject([{ name: 'text', champion: 'starter-1' }])
    await desk.publish({ version: 'v1', data })
    await desk.serves('v1')
    expect((await desk.classify(probe)).results[0]).not.toHaveProperty('isStarter')
    expect(await list()).toMatchObject([{ name: 'text', champion: 'v1' }])
    const pinned = await desk.classify(probe, { version: 'starter-1' })
    expect(pinned.results).toMatchObject([{ modelVersion: 'starter-1', isStarter: true }])
  })

  it('answers for no other name', async () => {
    await publishStarter('starter-1')
    const refused = await desk.request('POST', '/v1/text/classify', { documents: probe, model: 'tickets' })
    expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'RPT_TEXT_NO_MODEL'])
    const unknown = await desk.request('POST', '/v1/text/classify', { documents: probe, version: 'v9' })
    expect(unknown.statusCode).toBe(404)
  })

  it('counts for each tenant what it has said to it', async () => {
    await publishStarter('starter-1')
    const other = await desk.platform.issueKey('acme', ['text'])
    await desk.classify(topicTexts(6).texts.map((text, row) => ({ id: `${row}`, text })))
    await desk.server.app.inject({
      method: 'POST',
      url: '/v1/text/classify',
      headers: { authorization: `Bearer ${other}` },
      payload: { documents: probe },
    })
    expect(await monitoring()).toMatchObject([{ version: 'starter-1', documents: 6 }])
    expect(await monitoring(other)).toMatchObject([{ version: 'starter-1', documents: 1 }])
    const total = await desk.metric('rapport_text_documents_total')
    expect(total).toContain('tenant="acme",model="text",version="starter-1",outcome="classified"} 1')
    expect(total).not.toContain('tenant="starter"')
  })

  it('answers streams and inference requests, and explains', async () => {
    await publishStarter('starter-1')
    const explained = await desk.classify(probe, { explain: true })
    expect(explained.results[0]?.explanation?.method).toBe('linear-shap')
    const lines = await desk.request('POST', '/v1/text/classify', JSON.stringify(probe[0]), {
      'content-type': 'application/x-ndjson',
    })
    expect(JSON.parse(lines.body)).toMatchObject({ id: 'a', isStarter: true })
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['hello'] }]
    const inferred = await desk.request('POST', '/v1/text/v2/models/text/infer', { inputs })
    expect(inferred.json()).toMatchObject({ model_version: 'starter-1' })
  })
})
