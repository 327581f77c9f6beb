import { answerMetrics, countAnswers, TextClassifier } from '@rapport/text-models'
import { AggregatorRegistry, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { ClassifierHosts } from './adapters/classifier-hosts.ts'
import { ServedClassifier } from './domain/served-classifier.ts'
import { addTextModelMetrics } from './metrics.ts'
import { topicTexts, trainTopics } from './testing.ts'

const classifier = new TextClassifier(await trainTopics())
const createdAt = '2026-01-01T00:00:00.000Z'
const { texts } = topicTexts(300)
const trained = countAnswers(classifier.classify(texts), classifier.labels.length)

/** What a thread with a version in memory exports, which has labelled documents with the label. */
async function threadWith(documents: number, label: number): Promise<object[]> {
  const metrics = answerMetrics(trained, classifier.labels)
  const manifest = { tenant: 'shop', name: 'text', version: 'v1', task: 'text-classification', metrics, createdAt }
  const served = new ServedClassifier(manifest, classifier)
  for (let document = 0; document < documents; document += 1) served.note(label, 0.95, false)
  const registry = new Registry()
  const host = { stats: () => ({ usedBytes: 0, refusals: new Map(), readFailures: 0 }) }
  const champions = { host, served: new Set([served]) } as unknown as ClassifierHosts['champions']
  addTextModelMetrics(registry, { prefix: 'test', champions, challengers: undefined, shadows: undefined })
  return registry.getMetricsAsJSON()
}

it('of two threads documents add up, and neither the time of publication nor the drift do', async () => {
  const [main, consumers] = [await threadWith(250, 0), await threadWith(250, 1)]
  const valueOf = async (threads: object[][], series: string): Promise<number> => {
    const text = await AggregatorRegistry.aggregate(threads).metrics()
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(series))
        ?.split(' ')
        .at(-1),
    )
  }
  expect(await valueOf([main, consumers], 'test_model_created_seconds')).toBe(Date.parse(createdAt) / 1000)
  const version = 'tenant="shop",model="text",version="v1"'
  const sure = `test_documents_by_confidence_total{${version},from="0.9"}`
  expect(await valueOf([main, consumers], sure)).toBe(500)
  const drift = `test_drift{${version},of="labels"}`
  const each = [await valueOf([main], drift), await valueOf([consumers], drift)]
  expect(Math.min(...each)).toBeGreaterThan(0)
  expect(await valueOf([main, consumers], drift)).toBe(Math.max(...each))
})
