import { createTestPlatform } from '@rapport/service-kit/testing'
import { TextClassifier } from '@rapport/text-models'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ScoreCache } from '../adapters/score-cache.ts'
import { ServedClassifier } from '../domain/served-classifier.ts'
import { createTextMetrics } from '../metrics.ts'
import { topicTexts, trainTopics } from '../testing.ts'
import { scoreTexts } from './score-texts.ts'

const classifier = new TextClassifier(await trainTopics())
const { texts } = topicTexts(6)

let platform: Awaited<ReturnType<typeof createTestPlatform>>
let registry: Registry
beforeEach(async () => {
  platform = await createTestPlatform()
  registry = new Registry()
})
afterEach(() => platform[Symbol.asyncDispose]())

const createdAt = '2026-01-01T00:00:00.000Z'

/** A version that takes long for a text, or none. */
function versionOf(version: string, { isSlow = true } = {}) {
  const { log, onlineStore: store } = platform.dependencies
  const cache = new ScoreCache({ store, metrics: createTextMetrics(registry, 'rapport_test'), log })
  const served = new ServedClassifier(
    { tenant: 'shop', name: 'text', version, task: 'text-classification', metrics: {}, createdAt },
    classifier,
    { cache },
  )
  vi.spyOn(served, 'expectedMs').mockReturnValue(isSlow ? 50 : 0.1)
  const classify = vi.spyOn(served, 'classify')
  return { served, classify }
}

describe('scores of texts that were scored before', () => {
  it('come from the online store, for their version alone', async () => {
    const expected = classifier.classify(texts)
    const { served, classify } = versionOf('v1')
    expect(await scoreTexts(served, texts.slice(0, 4))).toEqual(expected.subarray(0, 12))
    await vi.waitFor(async () => {
      classify.mockClear()
      expect(await scoreTexts(served, texts.slice(0, 4))).toEqual(expected.subarray(0, 12))
      expect(classify).not.toHaveBeenCalled()
    })
    // In their places, whichever are known.
    expect(await scoreTexts(served, [texts[5], texts[0], texts[4]].map(String))).toEqual(
      Float32Array.from([5, 0, 4].flatMap((row) => [...expected.subarray(row * 3, row * 3 + 3)])),
    )
    expect(classify).toHaveBeenCalledExactlyOnceWith([texts[5], texts[4]])
    registry.clear()
    const other = versionOf('v2')
    expect(await scoreTexts(other.served, texts)).toEqual(expected)
    expect(other.classify).toHaveBeenCalledExactlyOnceWith(texts)
  })

  it('are not looked for where a model is quicker', async () => {
    const read = vi.spyOn(platform.dependencies.onlineStore, 'readCached')
    const { served } = versionOf('v1', { isSlow: false })
    expect(await scoreTexts(served, texts)).toEqual(classifier.classify(texts))
    expect(read).not.toHaveBeenCalled()
  })

  it('are made anew while the store is away, which is asked again only after a while', async () => {
    const read = vi.spyOn(platform.dependencies.onlineStore, 'readCached').mockRejectedValue(new Error('away'))
    const { served } = versionOf('v1')
    expect(await scoreTexts(served, texts)).toEqual(classifier.classify(texts))
    expect(await scoreTexts(served, texts)).toEqual(classifier.classify(texts))
    expect(read).toHaveBeenCalledTimes(1)
    expect(await registry.getSingleMetricAsString('rapport_test_score_cache_total')).toContain('outcome="failed"} 6')
  })
})

it('a version learns how long its texts take from the quick ones', () => {
  const served = new ServedClassifier(
    { tenant: 'shop', name: 'text', version: 'v1', task: '', metrics: {}, createdAt },
    classifier,
  )
  expect(served.expectedMs(texts)).toBe(0)
  for (let call = 0; call < 20; call += 1) served.classify(texts)
  const all = served.expectedMs(texts)
  expect(all).toBeGreaterThan(0)
  expect(served.expectedMs(texts.slice(0, 3))).toBeLessThan(all)
})
