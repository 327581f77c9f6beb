import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TextTask } from '@rapport/contracts'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { RapportClient } from '@rapport/sdk'
import { startBareServer } from '../harness/bare-server.ts'
import type { LoadRequest } from '../harness/connection.ts'
import { fixedRate } from '../harness/fixed-rate.ts'
import { closedLoop } from '../harness/load.ts'
import { cpuSecondsOf } from '../harness/other-load.ts'
import { startMeasuredPlatform, type MeasuredPlatform } from '../harness/platform.ts'
import { latencies, type Report } from '../harness/report.ts'
import { modelOf, publishTextModel, shortTexts } from '../harness/text-model.ts'
import { benchLinearSvm } from './linear-svm.ts'

const program = fileURLToPath(new URL('text-process.ts', import.meta.url))
const paths: Readonly<Record<TextTask, string>> = {
  'text-classification': '/v1/text/classify',
  sentiment: '/v1/sentiment/analyze',
}
const versions = ['v1', 'v2'] as const
const warmUpSeconds = 10
const seconds = 20
const perSecond = 300
const swaps = 100
/** The heap of a process grows over its first ones. */
const warmUpSwaps = 100

interface TextBench {
  readonly task: TextTask
  readonly dataDir: string | undefined
}

export const benchText = ({ dataDir }: Pick<TextBench, 'dataDir'>): Promise<Report> =>
  bench({ task: 'text-classification', dataDir })
export const benchSentiment = ({ dataDir }: Pick<TextBench, 'dataDir'>): Promise<Report> =>
  bench({ task: 'sentiment', dataDir })

/** A linear model on characters: in process, over HTTP, while it is swapped; with a data folder also the training of one. */
async function bench({ task, dataDir }: TextBench): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, task])
  const served = await measureServed(task)
  const trained = task === 'sentiment' || dataDir === undefined ? {} : await benchLinearSvm(dataDir)
  return { ...(JSON.parse(stdout) as Report), ...served, ...trained }
}

async function measureServed(task: TextTask): Promise<Report> {
  await using platform = await startMeasuredPlatform({
    connections: 64,
    prepare: async (folder) => {
      await using objects = await openFilesystemObjectStore({ directory: join(folder, 'objects') })
      await publishTextModel(objects, task, versions)
    },
  })
  const single = requestsOf(task, 1)
  return {
    [`one short document over HTTP, ${perSecond}/s`]: await measureSingle(platform, single),
    [`bare Fastify, ${perSecond}/s`]: await measureBare(single),
    'calls of 500 short documents over HTTP, 2 callers': await measureBatches(platform, requestsOf(task, 500)),
    [`${swaps} swaps under load, 8 callers`]: await measureSwaps(platform, task, single),
  }
}

/** As many calls as there are texts for, of so many documents each. */
function requestsOf(task: TextTask, documents: number): LoadRequest[] {
  const texts = shortTexts(task, 5_000)
  return Array.from({ length: Math.floor(texts.length / documents) }, (_, call) => {
    const slice = texts.slice(call * documents, (call + 1) * documents)
    const body = JSON.stringify({ documents: slice.map((text, at) => ({ id: String(at), text })) })
    return { method: 'POST', path: paths[task], body }
  })
}

async function measureSingle(
  platform: MeasuredPlatform,
  requests: readonly LoadRequest[],
): Promise<Record<string, number>> {
  await fixedRate(platform, { perSecond, requests, seconds: warmUpSeconds })
  const before = await platform.usage()
  const result = await fixedRate(platform, { perSecond, requests, seconds })
  const after = await platform.usage()
  const cpuMs = (after.cpuSeconds - before.cpuSeconds) * 1000
  return { ...latencies(result), 'CPU ms per request': cpuMs / result.requests }
}

/** What of it is the server's, under the same load in the same run. */
async function measureBare(requests: readonly LoadRequest[]): Promise<Record<string, number>> {
  await using server = await startBareServer()
  await fixedRate(server, { perSecond, requests, seconds: warmUpSeconds })
  const before = cpuSecondsOf(server.pid)
  const result = await fixedRate(server, { perSecond, requests, seconds })
  const cpuMs = (cpuSecondsOf(server.pid) - before) * 1000
  return { ...latencies(result), 'CPU ms per request': cpuMs / result.requests }
}

async function measureBatches(
  platform: MeasuredPlatform,
  requests: readonly LoadRequest[],
): Promise<Record<string, number>> {
  const load = { callers: 2, next: inTurn(requests) }
  await closedLoop(platform, { ...load, seconds: warmUpSeconds })
  const before = await platform.usage()
  const result = await closedLoop(platform, { ...load, seconds })
  const after = await platform.usage()
  const documents = 500 * result.requests
  return {
    'documents per second': documents / result.seconds,
    'CPU µs per document': ((after.cpuSeconds - before.cpuSeconds) * 1e6) / documents,
    ...latencies(result),
  }
}

/** Each swap is waited for, while callers go on; memory is read when none is under way, after and before as many of them. */
async function measureSwaps(
  platform: MeasuredPlatform,
  task: TextTask,
  requests: readonly LoadRequest[],
): Promise<Record<string, number>> {
  const client = new RapportClient({ url: platform.url, key: platform.key })
  const metric = `rapport_${task === 'sentiment' ? 'sentiment' : 'text'}_model_bytes`
  let swapped = 0
  const swap = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 1) {
      swapped += 1
      const version = versions[swapped % 2] ?? versions[0]
      await client.models.promote(modelOf[task], version)
      await serves(client, task, version)
    }
  }
  const during = async (count: number) => {
    const over = new AbortController()
    const ended = swap(count).finally(() => over.abort())
    ended.catch(() => undefined)
    const parts = []
    while (!over.signal.aborted)
      parts.push(await closedLoop(platform, { callers: 8, seconds: 1, next: inTurn(requests) }))
    await ended
    return parts
  }
  await during(warmUpSwaps)
  const before = await atRest(platform, metric)
  const parts = await during(swaps)
  const after = await atRest(platform, metric)
  const sum = (of: 'requests' | 'failures'): number => parts.reduce((total, part) => total + part[of], 0)
  return {
    swaps,
    requests: sum('requests'),
    failures: sum('failures'),
    'p99 ms, worst second': Math.max(...parts.map(({ latency }) => latency.p99)),
    'anonymous MiB before': before.anonymousMiB,
    'anonymous MiB after': after.anonymousMiB,
    'model MiB before': before.modelMiB,
    'model MiB after': after.modelMiB,
  }
}

async function atRest(
  platform: MeasuredPlatform,
  metric: string,
): Promise<{ readonly anonymousMiB: number; readonly modelMiB: number }> {
  await setTimeout(10_000)
  return { ...(await platform.memory()), modelMiB: (await platform.metric(metric)) / 1024 ** 2 }
}

async function serves(client: RapportClient, task: TextTask, version: string): Promise<void> {
  const documents = [{ id: 'probe', text: 'probe' }]
  for (;;) {
    const { results } = await (task === 'sentiment'
      ? client.sentiment.analyze({ documents })
      : client.text.classify({ documents }))
    if (results[0]?.modelVersion === version) return
    await setTimeout(10)
  }
}

function inTurn(requests: readonly LoadRequest[]): () => LoadRequest {
  let sent = 0
  return () => requests[sent++ % requests.length] as LoadRequest
}
