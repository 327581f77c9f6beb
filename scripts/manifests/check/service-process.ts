import type { V1Container, V1Probe } from '@kubernetes/client-node'
import type { TObject } from 'typebox'
import { addOperationsRoutes, describeVariables, type HttpApp } from '../../../packages/service-kit/src/index.ts'
import { deploymentSpec, type Workload } from './objects.ts'
import { toBytes } from './pods.ts'

/** A service's variables as it reads them: what is set, and its defaults. */
export type Settings = ReadonlyMap<string, string>

export function settingsOf(schema: TObject, set: ReadonlyMap<string, string>): Settings {
  const defaults = describeVariables(schema).flatMap(({ name, default: value }): [string, string][] =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[name, String(value)]] : [],
  )
  return new Map([...defaults, ...set])
}

/** Between the last second of a stop and the kill. */
const spareSeconds = 3
/** What Node needs beside its heap and the buffers that the variables bound. */
const spareMemory = 0.1

/** Of the health routes that a process has, by asking the code that makes them. */
function operationsPaths(): ReadonlySet<string> {
  const paths = new Set<string>()
  const app = { get: (path: string) => paths.add(path) } as unknown as HttpApp
  addOperationsRoutes(app, { contentType: '', scrape: () => Promise.resolve(''), notReady: () => [] })
  return paths
}
const paths = operationsPaths()

/** What a Deployment says of its process that the process does not do, by the settings with which it runs. */
export function checkServiceProcess(workload: Workload, settings: Settings): readonly string[] {
  const [container] = workload.pod.containers
  if (container === undefined) return ['has no container']
  return [
    ...checkProbes(container, settings),
    ...checkStop(workload, container, settings),
    ...checkMemory(container, settings),
    ...checkRollout(workload, settings),
  ]
}

function checkProbes(container: V1Container, settings: Settings): readonly string[] {
  const { startupProbe, readinessProbe, livenessProbe, ports = [] } = container
  const named = new Map(ports.map(({ name, containerPort }) => [name, containerPort]))
  const problems: string[] = []
  const check = (what: string, probe: V1Probe | undefined, wanted: string): void => {
    const { path, port } = probe?.httpGet ?? {}
    const number = typeof port === 'string' ? named.get(port) : port
    if (path !== wanted) problems.push(`asks ${path ?? 'nothing'} for its ${what}, not ${wanted}`)
    else if (!paths.has(path)) problems.push(`asks ${path}, which no process has`)
    if (String(number) !== settings.get('PORT'))
      problems.push(`asks port ${String(port)} for its ${what}; PORT is ${settings.get('PORT') ?? ''}`)
  }
  check('start', startupProbe, '/health/live')
  check('readiness', readinessProbe, '/health/ready')
  check('liveness', livenessProbe, '/health/live')
  if (settings.get('RAPPORT_HOST') === '127.0.0.1') problems.push('listens on its own loopback address alone')
  return problems
}

function checkStop({ pod }: Workload, { lifecycle }: V1Container, settings: Settings): readonly string[] {
  const sleep = lifecycle?.preStop?.sleep?.seconds
  if (sleep === undefined) return ['is told to stop before those who call it can know']
  const needed = sleep + Number(settings.get('RAPPORT_STOP_LIMIT_SECONDS')) + spareSeconds
  const grace = pod.terminationGracePeriodSeconds ?? 30
  return grace >= needed ? [] : [`is killed after ${grace} s, and may need ${needed} to stop`]
}

/** Variables that bound memory outside the JavaScript heap, and how often each is taken. */
const offHeap: readonly (readonly [RegExp, number])[] = [
  [/^RAPPORT_\w+_MODEL_BYTES$/, 1],
  // Challengers and shadows have as much each.
  [/^RAPPORT_\w+_TRIAL_BYTES$/, 2],
  [/^RAPPORT_ARCHIVE_BUFFER_BYTES$/, 1],
]

/** Whether the heap and what the variables let it hold beside the heap fit into the limit. */
export function checkMemory({ resources }: V1Container, settings: Settings): readonly string[] {
  const heapMb = Number(/--max-old-space-size=(\d+)/.exec(settings.get('NODE_OPTIONS') ?? '')?.[1])
  if (!(heapMb > 0)) return ['has no heap size: NODE_OPTIONS with --max-old-space-size']
  const threads = 1 + Number(settings.get('RAPPORT_INGESTION_BATCH_THREADS') ?? 0)
  const runsElsewhere = settings.get('RAPPORT_TRAINING_RUNNER') === 'elsewhere'
  const trainingMb = runsElsewhere ? 0 : Number(settings.get('RAPPORT_TRAINING_MEMORY_MB') ?? 0)
  let needed = (heapMb * threads + trainingMb) * 1024 ** 2
  for (const [name, text] of settings)
    for (const [pattern, times] of offHeap) if (pattern.test(name)) needed += times * Number(text)
  const limit = toBytes(resources?.limits?.['memory'] ?? '0')
  if (needed <= limit * (1 - spareMemory)) return []
  const mib = (bytes: number): number => Math.ceil(bytes / 1024 ** 2)
  return [`may need ${mib(needed)} MiB by its heap and variables; its limit is ${mib(limit)} MiB, a tenth of it spare`]
}

function checkRollout(workload: Workload, settings: Settings): readonly string[] {
  const { strategy, progressDeadlineSeconds = 600 } = deploymentSpec(workload)
  const problems: string[] = []
  const { maxUnavailable, maxSurge } = strategy?.rollingUpdate ?? {}
  if (maxUnavailable !== 0 || maxSurge === undefined || maxSurge === 0)
    problems.push('takes processes away in a rolling update before there are others')
  if (progressDeadlineSeconds <= Number(settings.get('RAPPORT_START_WAIT_SECONDS')))
    problems.push('counts as failed while it still waits for its stores')
  const spread = new Set(workload.pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey))
  for (const key of ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    if (!spread.has(key)) problems.push(`is not spread by ${key}`)
  return problems
}
