import type { Alias } from '@rapport/contracts'
import { createModelHost, createModelStore, type ModelStore } from '@rapport/model-store'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { ownSegmenterBytes } from '@rapport/text'
import { createTextSelfCheck, encodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { KnownScores } from '../domain/served-classifier.ts'
import { addTextModelMetrics } from '../metrics.ts'
import { topicTexts, trainTopics } from '../testing.ts'
import type { TextProfile } from '../text-profile.ts'
import { openClassifierHosts } from './classifier-hosts.ts'
import { createClassifierLoader } from './classifier-loader.ts'

const task = 'text-classification'
const profile: Pick<TextProfile, 'tasks' | 'checkLabels'> = { tasks: [task] }
const cache: KnownScores = {
  read: (_, texts) => Promise.resolve(texts.map(() => undefined)),
  write: () => undefined,
}

let platform: TestPlatform
let store: ModelStore
beforeEach(async () => {
  platform = await createTestPlatform()
  store = createModelStore(platform.dependencies.objectStore, platform.dependencies)
})
afterEach(() => platform[Symbol.asyncDispose]())

/** A model for each list of words, by its name, under the aliases. */
async function publish(dictionaries: Record<string, string[] | undefined>, ...aliases: Alias[]): Promise<void> {
  const data = await trainTopics()
  const selfCheck = createTextSelfCheck(new TextClassifier(data), topicTexts(3).texts)
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
    for (const alias of aliases) await store.promote({ tenant: 'shop', name, alias }, version)
  }
}

it('words of its own count in the memory of models, once for all that have the same', async () => {
  await publish({ one: ['降噪耳机壳'], same: ['降噪耳机壳'], other: ['耳机壳'], none: undefined }, 'champion')
  const { log, clock } = platform.dependencies
  const loader = createClassifierLoader(profile, new Set(), cache)
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

it('a challenger and a shadow have the words of a champion in memory for nothing', async () => {
  await publish({ one: ['降噪耳机壳'] }, 'champion', 'challenger', 'shadow')
  await publish({ other: ['耳机壳'] }, 'challenger')
  const { log, clock, eventLog, metrics } = platform.dependencies
  await using stack = new AsyncDisposableStack()
  const budgets = { modelBytes: 2 ** 30, trialBytes: ownSegmenterBytes - 1, pollMs: 30_000 }
  const hosts = openClassifierHosts(stack, { profile, cache, store, log, clock, eventLog, ...budgets })
  addTextModelMetrics(metrics, { prefix: 'test', ...hosts })
  let bytes = ownSegmenterBytes
  for (const each of [hosts.champions, hosts.challengers, hosts.shadows]) {
    using lease = await each?.host.acquire('shop', 'one')
    expect(lease?.manifest.name).toBe('one')
    bytes += each?.host.stats().models[0]?.bytes ?? 0
  }
  expect((await metrics.getSingleMetric('test_model_bytes')?.get())?.values).toMatchObject([{ value: bytes }])
  expect(await hosts.challengers?.host.acquire('shop', 'other')).toBeUndefined()
  expect(hosts.challengers?.host.absence('shop', 'other')).toBe('memory budget')
})
