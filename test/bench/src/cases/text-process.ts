// What a text model takes in a process of its own: text-process.ts text-classification|sentiment
import { textTasks } from '@rapport/contracts'
import { createLimeExplainer, TextClassifier } from '@rapport/text-models'
import { createHistogram, latencyOf } from '../harness/load.ts'
import { shortTexts, trainTextModel } from '../harness/text-model.ts'

const task = textTasks.find((name) => name === process.argv[2])
if (task === undefined) throw new TypeError(`the task is one of ${textTasks.join(', ')}`)
const classifier = new TextClassifier(await trainTextModel(task))
const texts = shortTexts(task, 20_000)

function classifyOneByOne(): Record<string, number> {
  const histogram = createHistogram()
  for (const text of texts.slice(0, 5_000)) classifier.classify([text])
  for (const text of texts) {
    const startMs = performance.now()
    classifier.classify([text])
    histogram.recordValue(Math.max(1, Math.round((performance.now() - startMs) * 1000)))
  }
  const { p50, p99 } = latencyOf(histogram)
  return { 'p50 ms': p50, 'p99 ms': p99 }
}

function classifyInBatches(batch: number): Record<string, number> {
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  for (let from = 0; from < texts.length; from += batch) classifier.classify(texts.slice(from, from + batch))
  const { user, system } = process.cpuUsage(cpu)
  return {
    'documents per second': (texts.length * 1000) / (performance.now() - startMs),
    'CPU µs per document': (user + system) / texts.length,
  }
}

/** The longest of some texts, again and again. */
async function explain(samples: number): Promise<Record<string, number>> {
  const lime = createLimeExplainer(classifier)
  const text = texts.slice(0, 200).reduce((one, other) => (other.length > one.length ? other : one))
  const times: number[] = []
  for (let seed = 1; seed <= 5; seed += 1) {
    const startMs = performance.now()
    await lime(text, 0, { seed, samples })
    times.push((performance.now() - startMs) / 1000)
  }
  return { 'median seconds': times.sort((one, other) => one - other)[2] ?? 0, characters: text.length }
}

console.log(
  JSON.stringify({
    'one short document, in process': classifyOneByOne(),
    'batches of 32, in process': classifyInBatches(32),
    'LIME, 5,000 samples, in process': await explain(5_000),
  }),
)
