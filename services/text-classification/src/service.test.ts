import { encodeTextClassifier, type TextClassifierData } from '@rapport/text-models'
import { smallNetwork } from '@rapport/text-models/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TestDesk, topicLabels, topicTexts, trainTopics } from './testing.ts'

let desk: TestDesk
let data: TextClassifierData
beforeEach(async () => {
  desk = await TestDesk.open()
  data = await trainTopics()
})
afterEach(() => desk[Symbol.asyncDispose]())

const probe = [{ id: 'a', text: '我要退款' }]

/** The files of a model with one of them changed. */
function spoilt(path: string, change: (content: Buffer) => Uint8Array, of = data): ReadonlyMap<string, Uint8Array> {
  const files = new Map(encodeTextClassifier(of))
  const content = files.get(path)
  if (content === undefined) throw new Error(`no ${path} among ${[...files.keys()].join(', ')}`)
  return files.set(path, change(Buffer.from(content)))
}

describe('createTextClassificationService', () => {
  const network: TextClassifierData = {
    labels: topicLabels,
    calibration: { kind: 'temperature', temperature: 1 },
    scorer: smallNetwork(topicTexts().texts, topicLabels.length),
  }
  const linear = 'linear/weights.f32'
  const [deep, form] = ['network/weights.bin', 'network/model.json']
  const cut = (content: Buffer) => content.subarray(0, -4)
  const toNaN = (content: Buffer) => content.fill(0xff, 0, 4)
  const toZeros = (content: Buffer) => content.fill(0)
  const widen = (content: Buffer) => Buffer.from(content.toString().replace('"embedding":3', '"embedding":4'))
  const broken: readonly [string, string, () => ReadonlyMap<string, Uint8Array>, TextClassifierData?][] = [
    ['model cut short', 'decode', () => spoilt(linear, cut)],
    ['model of NaN weights', 'decode', () => spoilt(linear, toNaN)],
    ['model of another shape', 'decode', () => spoilt('linear/bias.f32', (bias) => Buffer.concat([bias, bias]))],
    ['model of other weights', 'self-check', () => spoilt(linear, toZeros)],
    ['model without a file', 'decode', () => new Map([...encodeTextClassifier(data)].slice(0, 1))],
    ['network cut short', 'decode', () => spoilt(deep, cut, network), network],
    ['network of NaN weights', 'decode', () => spoilt(deep, toNaN, network), network],
    ['network of another shape', 'decode', () => spoilt(form, widen, network), network],
    ['network of other weights', 'self-check', () => spoilt(deep, toZeros, network), network],
    ['network of no description', 'decode', () => spoilt(form, () => Buffer.from(''), network), network],
  ]
  it.each(broken)('refuses a %s, and the one before goes on serving', async (_, reason, files, of = data) => {
    await desk.publish({ version: 'v1', data })
    await desk.serves('v1')
    await desk.publish({ version: 'v2', data: of, files: files() })
    await vi.waitFor(async () =>
      expect(await desk.metric('rapport_text_model_refusals')).toContain(`reason="${reason}"} 1`),
    )
    expect((await desk.classify(probe)).results[0]).toMatchObject({ label: 'refund', modelVersion: 'v1' })
    const pinned = await desk.request('POST', '/v1/text/classify', { documents: probe, version: 'v2' })
    expect([pinned.statusCode, pinned.json().error.code]).toEqual([409, 'RPT_TEXT_MODEL_REFUSED'])
    await desk.publish({ version: 'v3', data: of })
    await desk.serves('v3')
  })

  it('refuses a model whose file was changed in the store', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.serves('v1')
    await desk.publish({ version: 'v2', data, promotes: false })
    const key = 'models/shop/text/versions/v2/linear/weights.f32'
    const { objectStore } = desk.platform.drivers
    const stored = await objectStore.get(key)
    await objectStore.put(key, Buffer.from(stored?.body ?? []).fill(1, 0, 4))
    await desk.store.promote({ tenant: 'shop', name: 'text', alias: 'champion' }, 'v2')
    await vi.waitFor(async () =>
      expect(await desk.metric('rapport_text_model_refusals')).toContain('reason="file checksum"} 1'),
    )
    expect((await desk.classify(probe)).results[0]?.modelVersion).toBe('v1')
  })

  it('is 409 where the only version is refused, and 503 while memory or store are missing', async () => {
    await desk.publish({ version: 'v1', data, files: spoilt('linear/weights.f32', (content) => content.fill(0)) })
    const refused = await desk.request('POST', '/v1/text/classify', { documents: probe })
    expect([refused.statusCode, refused.json().error.code]).toEqual([409, 'RPT_TEXT_MODEL_REFUSED'])
    await using small = await TestDesk.open({ modelBytes: 1024 })
    await small.publish({ version: 'v1', data })
    for (const more of [{}, { version: 'v1' }]) {
      const answer = await small.request('POST', '/v1/text/classify', { documents: probe, ...more })
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1'])
    }
  })

  it('answers every call while models are swapped and documents are explained', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.serves('v1')
    const { texts } = topicTexts(60)
    const documents = texts.map((text, row) => ({ id: `${row}`, text }))
    const seen = new Set<string>()
    const done = new AbortController()
    const call = async (given: readonly object[], more: object): Promise<void> => {
      while (!done.signal.aborted) {
        const { results } = await desk.classify(given, more)
        expect(results).toHaveLength(given.length)
        const versions = new Set(results.map(({ modelVersion }) => modelVersion))
        expect(versions.size).toBe(1)
        for (const version of versions) seen.add(version)
      }
    }
    const callers = Promise.all([
      call(documents, {}),
      call(documents, {}),
      call(documents.slice(0, 3), { explain: true }),
    ])
    for (const version of ['v2', 'v3', 'v4']) {
      await desk.publish({ version, data })
      // The callers leave no turn of the event loop unused.
      await vi.waitFor(() => expect(seen.has(version)).toBe(true), { timeout: 8_000 })
    }
    done.abort()
    await callers
    expect([...seen]).toEqual(['v1', 'v2', 'v3', 'v4'])
    // Of the versions that were, nothing is left in memory.
    const documentsTotal = await desk.metric('rapport_text_documents_total')
    expect(documentsTotal).toContain('version="v4",outcome="classified"')
    expect(documentsTotal).not.toContain('version="v3"')
  })

  it('counts documents by version and outcome, and how sure it was', async () => {
    await desk.publish({ version: 'v1', data })
    await desk.classify([...probe, { id: 'b', text: ' ' }, { id: 'c', text: 'xyzzy' }], { threshold: 0.8 })
    const total = await desk.metric('rapport_text_documents_total')
    for (const outcome of ['classified', 'uncertain', 'refused']) {
      expect(total).toContain(`{tenant="shop",model="text",version="v1",outcome="${outcome}"} 1`)
    }
    const sum = Number(/} ([\d.]+)$/m.exec(await desk.metric('rapport_text_confidence_total'))?.[1])
    expect(sum).toBeGreaterThan(1)
    expect(sum).toBeLessThan(2)
    const byConfidence = await desk.metric('rapport_text_documents_by_confidence_total')
    const inTenths = byConfidence.matchAll(
      /^rapport_text_documents_by_confidence_total\{.*version="v1",from="0\.\d"\} (\d+)$/gm,
    )
    const documentsInTenths = Array.from(inTenths, ([, documents]) => Number(documents))
    expect(documentsInTenths).toHaveLength(10)
    expect(documentsInTenths.reduce((sum, documents) => sum + documents, 0)).toBe(2)
    const created = Number(/version="v1"\} (\d+)/.exec(await desk.metric('rapport_text_model_created_seconds'))?.[1])
    expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(3_600)
    expect(await desk.metric('rapport_text_classify_seconds')).toContain('_count 1')
    expect(await desk.metric('rapport_text_labels_total')).toContain('version="v1",label="refund"} 1')
    const monitoring = (await desk.request('GET', '/v1/text/models/text/monitoring')).json()
    expect(monitoring).toMatchObject({
      model: 'text',
      versions: [{ version: 'v1', documents: 2, uncertain: 1, refused: 1, meanConfidence: sum / 2 }],
    })
    const { labels } = monitoring.versions[0]
    expect(labels.map(({ label }: { label: string }) => label)).toEqual([...topicLabels])
    expect(labels.reduce((total: number, each: { documents: number }) => total + each.documents, 0)).toBe(2)
    const other = await desk.request('GET', '/v1/text/models/nothing/monitoring')
    expect([other.statusCode, other.json()]).toEqual([200, { model: 'nothing', versions: [] }])
  })
})
