import { createModelHost, createModelStore } from '@rapport/model-store'
import { createTestPlatform } from '@rapport/service-kit/testing'
import { ownSegmenterBytes } from '@rapport/text'
import { createTextSelfCheck, encodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { expect, it } from 'vitest'
import type { KnownScores } from '../domain/served-classifier.ts'
import { topicTexts, trainTopics } from '../testing.ts'
import { createClassifierLoader } from './classifier-loader.ts'

it('words of its own count in the memory of models, once for all that have the same', async () => {
  await using platform = await createTestPlatform()
  const { objectStore, log, clock } = platform.dependencies
  const store = createModelStore(objectStore, { log, clock })
  const data = await trainTopics()
  const selfCheck = createTextSelfCheck(new TextClassifier(data), topicTexts(3).texts)
  const task = 'text-classification'
  const dictionaries = { one: ['降噪耳机壳'], same: ['降噪耳机壳'], other: ['耳机壳'], none: undefined }
  for (const [name, dictionary] of Object.entries(dictionaries)) {
    const { version } = await store.publish({
      tenant: 'shop',
      name,
      task,
      algorithm: 'linear-svm',
      framework: 'rapport',
      inputSchema: { text: 'string' },
      data: { rows: 120, fingerprint: 'test' },
      parameters: { features: { analyzer: 'jieba', dictionary } },
      metrics: {},
      codeRevision: 'test',
      files: encodeTextClassifier(data),
      selfCheck,
    })
    await store.promote({ tenant: 'shop', name, alias: 'champion' }, version)
  }
  const unknown: KnownScores = {
    read: (_, texts) => Promise.resolve(texts.map(() => undefined)),
    write: () => undefined,
  }
  const loader = createClassifierLoader({ tasks: [task] }, new Set(), unknown)
  await using host = createModelHost({ store, log, clock, loader, budgetBytes: 2 ** 30 })
  const ofWords: number[] = []
  for (const name of ['none', 'one', 'same', 'other']) {
    using lease = await host.acquire('shop', name)
    expect(lease?.manifest.name).toBe(name)
    const { usedBytes, models } = host.stats()
    ofWords.push(usedBytes - models.reduce((sum, { bytes }) => sum + bytes, 0))
  }
  expect(ofWords).toEqual([0, 1, 1, 2].map((dictionariesHeld) => dictionariesHeld * ownSegmenterBytes))
})
