import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { routePrefixes } from '@rapport/contracts'
import { freePorts } from '@rapport/infra'
import { RapportClient } from '@rapport/sdk'
import { startInstallation, type Installation } from '@rapport/test-resilience/installation'
import { inspect, type InspectedProcess } from '../harness/collect-garbage.ts'
import type { LoadRequest } from '../harness/connection.ts'
import { fillProduction } from '../harness/filled-platform.ts'
import { openLoop } from '../harness/load.ts'
import { measureProcess, type MeasuredPlatform } from '../harness/platform.ts'
import { latencies, type Report } from '../harness/report.ts'
import { slopeOf, type Slope } from '../harness/slope.ts'
import { awaitStarterModels } from '../harness/starter-models.ts'
import { shortTexts } from '../harness/text-model.ts'
import { EventMaker, itemId, userId } from '../harness/workload.ts'

const population = { items: 1_000, users: 500 }
const perSecond = 100
const batch = 20
/** Of the run, in which models come, caches fill and heaps take their size. */
const warmUpShare = 1 / 3
/** How often the garbage of each process is collected and its memory read. */
const everySeconds = 15
const serviceNames = [...Object.keys(routePrefixes), 'gateway']
const k8s = join(import.meta.dirname, '../../../../k8s/base')

/** What stands in a process after a collection. */
interface Sample {
  readonly anonymousMiB: number
  readonly heapMiB: number
}

/**
 * Every service as a process of its own, with the heap that the manifests give it, under a steady load through the gateway:
 * whether its memory grows. Every 15 s its garbage is collected, through Node's inspector, and then its anonymous resident
 * memory and its heap in use are read: without that, a heap that has room grows for longer than any run before V8 looks
 * through it. The first third is left out. The slopes are those of lines through the rest, with their 95 % confidence
 * intervals; memory is flat when neither interval lies above 0.
 */
export async function benchMemory({ minutes }: { readonly minutes: number }): Promise<Report> {
  const heaps = await readHeaps()
  const ports = await freePorts(serviceNames.length)
  const portOf = (service: string): number => ports[serviceNames.indexOf(service)] ?? 0
  await using installation = await startInstallation({
    env: {
      RAPPORT_STARTER_MODELS: 'true',
      RAPPORT_TRAINING_MIN_EVENTS: '2000000000',
      RAPPORT_TRAINING_EVERY_HOURS: '0',
      RAPPORT_KEY_RATE_PER_SECOND: '10000000',
      RAPPORT_KEY_BURST: '10000000',
    },
    envOf: (service) => ({
      NODE_OPTIONS: `--max-old-space-size=${heaps[service]} --inspect=127.0.0.1:${portOf(service)}`,
    }),
  })
  await fillProduction({ installation }, population)
  await awaitStarterModels(new RapportClient({ url: installation.url, key: installation.key }))
  await using stack = new AsyncDisposableStack()
  const { url, key, kafka, redis, s3 } = installation
  const processes = processesOf(installation)
  const measured = new Map(
    [...processes].map(([name, { pid, url: own }]) => [name, stack.use(measureProcess({ pid, url: own, key }, 1))]),
  )
  const serverPids = [...kafka.servers, redis.server, s3.server, ...processes.values()].map(({ pid }) => pid)
  const target = stack.use(measureProcess({ pid: installation.gateway.pid, serverPids, url, key }, 32))
  const seconds = Math.round(minutes * 60)
  const stopping = new AbortController()
  const inspected = new Map<string, InspectedProcess>()
  for (const name of measured.keys()) inspected.set(name, stack.use(await inspect(portOf(name))))
  const sampled = Promise.all(
    [...measured].map(([name, process]) => watch(process, inspected.get(name), stopping.signal)),
  )
  const cpuSeconds = (): Promise<number[]> =>
    Promise.all([...measured.values()].map(async (process) => (await process.usage()).cpuSeconds))
  const before = await cpuSeconds()
  const load = await openLoop(target, { perSecond, seconds, next: mixOfCalls() })
  const after = await cpuSeconds()
  stopping.abort()
  const samples = await sampled
  const judged = [...measured.keys()].map((name, at) => {
    const cpuPercent = (((after[at] ?? NaN) - (before[at] ?? NaN)) / load.seconds) * 100
    return [name, { ...judge(samples[at] ?? []), 'CPU % of one core': cpuPercent }]
  })
  return {
    ...Object.fromEntries(judged),
    load: { minutes, 'events per second': (perSecond * batch) / mix.length, ...latencies(load) },
  }
}

/** `--max-old-space-size` of each service in the manifests. */
async function readHeaps(): Promise<Readonly<Record<string, number>>> {
  const entries = serviceNames.map(async (name) => {
    const text = await readFile(join(k8s, name, 'deployment.yaml'), 'utf8')
    const heap = /--max-old-space-size=(\d+)/.exec(text)?.[1]
    if (heap === undefined) throw new Error(`the manifest of ${name} gives no --max-old-space-size`)
    return [name, Number(heap)] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function processesOf({ processes, gateway }: Installation): ReadonlyMap<string, { pid: number; url: string }> {
  const all = Object.entries(processes).flatMap(([name, [process]]) =>
    process === undefined ? [] : [[name, process] as const],
  )
  return new Map([...all, ['gateway', gateway]])
}

/** In turns. */
const mix = [
  'events',
  'recommend',
  'recommend',
  'user',
  'recommend',
  'text',
  'similar',
  'sentiment',
  'user',
  'keys',
] as const

/** Calls of every service; events and texts are new each time, visitors and items come again. */
function mixOfCalls(): () => LoadRequest {
  const events = new EventMaker(population)
  const texts = shortTexts('sentiment', 500)
  let made = 0
  const post = (path: string, body: object): LoadRequest => ({ method: 'POST', path, body: JSON.stringify(body) })
  return () => {
    const number = made++
    const user = userId((number * 131) % population.users)
    const documents = [{ id: 'd', text: `${texts[number % texts.length]} (${number})` }]
    switch (mix[number % mix.length] ?? 'keys') {
      case 'events':
        return events.batch(batch)
      case 'recommend':
        return post('/v1/recommendations', { userId: user, count: 10 })
      case 'similar':
        return { method: 'GET', path: `/v1/recommendations/items/${itemId(number % population.items)}/similar` }
      case 'user':
        return { method: 'GET', path: `/v1/users/${user}` }
      case 'text':
        return post('/v1/text/classify', { documents })
      case 'sentiment':
        return post('/v1/sentiment/analyze', { documents })
      case 'keys':
        return { method: 'GET', path: '/v1/keys' }
    }
  }
}

async function watch(
  process: MeasuredPlatform,
  inspected: InspectedProcess | undefined,
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  while (!signal.aborted) {
    await inspected?.collectGarbage()
    const [{ anonymousMiB }, heapBytes] = await Promise.all([
      process.memory(),
      process.metric('nodejs_heap_size_used_bytes'),
    ])
    samples.push({ anonymousMiB, heapMiB: heapBytes / 1024 ** 2 })
    await setTimeout(everySeconds * 1000, undefined, { signal }).catch(() => undefined)
  }
  return samples
}

function judge(samples: readonly Sample[]): Readonly<Record<string, number>> {
  const kept = samples.slice(Math.floor(samples.length * warmUpShare))
  const anonymous = slopeOf(kept.map(({ anonymousMiB }) => anonymousMiB))
  const heap = slopeOf(kept.map(({ heapMiB }) => heapMiB))
  const perHour = (name: string, { perStep, low, high }: Slope): Record<string, number> => {
    const steps = 3600 / everySeconds
    return {
      [`${name} MiB/h`]: perStep * steps,
      [`${name} MiB/h, low`]: low * steps,
      [`${name} MiB/h, high`]: high * steps,
    }
  }
  return {
    'anonymous MiB at the end': kept.at(-1)?.anonymousMiB ?? NaN,
    'heap MiB at the end': kept.at(-1)?.heapMiB ?? NaN,
    ...perHour('anonymous', anonymous),
    ...perHour('heap', heap),
    samples: kept.length,
    'flat (1: yes)': [anonymous, heap].every(({ low }) => Number.isFinite(low) && low <= 0) ? 1 : 0,
  }
}
