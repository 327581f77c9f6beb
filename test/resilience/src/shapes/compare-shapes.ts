import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { RapportClient } from '@rapport/sdk'
import { startInstallation } from '../harness/installation.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { takeSnapshot, type Address, type Fields, type Snapshot } from './snapshot.ts'

/** A field that is not the same. Undefined where it is not there. */
export interface Difference {
  readonly of: keyof Snapshot
  /** Entity, part and field. */
  readonly place: string
  readonly inOneProcess: string | undefined
  readonly inSeparateProcesses: string | undefined
}

export interface ShapesReport {
  readonly events: number
  /** What each of the feature processes has applied. */
  readonly appliedByProcess: readonly number[]
  readonly compared: Readonly<Record<keyof Snapshot | 'users' | 'visitors' | 'items', number>>
  readonly differences: readonly Difference[]
  /** Of the run in one process. */
  readonly evaluation: Fields
  readonly seconds: { readonly oneProcess: number; readonly separateProcesses: number }
}

interface Outcome {
  readonly events: number
  readonly applied: readonly number[]
  readonly snapshot: Snapshot
}

const cli = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))
/** A training that comes by itself would see a part of the events, and its model would be a contender. */
const env = { RAPPORT_TRAINING_MIN_EVENTS: '1000000000' }

/**
 * Imports one file of orders, in the format of UCI Online Retail, into the platform in one process on embedded storage and
 * into separate processes on Kafka, Redis and S3 with two feature processes, and compares all state, all features and the
 * evaluation of a training.
 */
export async function compareShapes(file: string, onProgress: (line: string) => void): Promise<ShapesReport> {
  const startedMs = performance.now()
  const one = await inOneProcess(file, (line) => onProgress(`one process: ${line}`))
  const betweenMs = performance.now()
  const separate = await inSeparateProcesses(file, (line) => onProgress(`separate processes: ${line}`))
  const endedMs = performance.now()
  const { state, features, evaluation } = one.snapshot
  const entities = new Set(features.keys().map((place) => place.slice(0, place.indexOf(', '))))
  const countOf = (kind: string): number => [...entities].filter((name) => name.startsWith(`${kind} `)).length
  return {
    events: one.events,
    appliedByProcess: separate.applied,
    compared: {
      users: countOf('user'),
      visitors: countOf('anonymous'),
      items: countOf('item'),
      state: state.size,
      features: features.size,
      evaluation: evaluation.size,
    },
    differences: (['state', 'features', 'evaluation'] as const).flatMap((of) =>
      differencesOf(one.snapshot[of], separate.snapshot[of]).map((difference) => ({ of, ...difference })),
    ),
    evaluation,
    seconds: { oneProcess: (betweenMs - startedMs) / 1000, separateProcesses: (endedMs - betweenMs) / 1000 },
  }
}

/** Every field of either that the other does not have with the same value. */
export function differencesOf(one: Fields, separate: Fields): Omit<Difference, 'of'>[] {
  const places = new Set([...one.keys(), ...separate.keys()])
  return [...places]
    .map((place) => ({ place, inOneProcess: one.get(place), inSeparateProcesses: separate.get(place) }))
    .filter(({ inOneProcess, inSeparateProcesses }) => inOneProcess !== inSeparateProcesses)
}

async function inOneProcess(file: string, onProgress: (line: string) => void): Promise<Outcome> {
  await using folder = await temporaryFolder()
  const variables = { ...env, RAPPORT_DATA_DIR: folder.path, RAPPORT_LOG_LEVEL: 'warn' }
  await using platform = await ServiceProcess.start('one process', ['start', '--no-shop'], variables)
  const key = (await readFile(join(folder.path, 'admin-key'), 'utf8')).trim()
  const address = { url: platform.url, key, client: new RapportClient({ url: platform.url, key }) }
  return await replay(file, { address, consumers: [platform], onProgress })
}

async function inSeparateProcesses(file: string, onProgress: (line: string) => void): Promise<Outcome> {
  await using installation = await startInstallation({ processes: { feature: 2 }, env })
  const { url, key, client, processes } = installation
  const outcome = await replay(file, { address: { url, key, client }, consumers: processes.feature, onProgress })
  if (outcome.applied.some((applied) => applied === 0)) {
    throw new Error(`one feature process had nothing to do: ${outcome.applied.join(' and ')} events applied`)
  }
  return outcome
}

interface Target {
  readonly address: Address
  /** The processes that apply events. */
  readonly consumers: readonly ServiceProcess[]
  readonly onProgress: (line: string) => void
}

async function replay(file: string, { address, consumers, onProgress }: Target): Promise<Outcome> {
  const events = await importOrders(file, address)
  onProgress(`${events} events imported`)
  await address.client.state.flushArchive()
  const [first] = consumers
  if (first === undefined) throw new Error('there is no feature process')
  while (!(await isDone(first))) await setTimeout(100)
  const sums = (name: string): Promise<number[]> => Promise.all(consumers.map((consumer) => consumer.metric(name)))
  const [applied, redelivered] = [
    await sums('rapport_events_applied_total'),
    await sums('rapport_events_redelivered_total'),
  ]
  onProgress(`${applied.join(' + ')} events applied, ${redelivered.join(' + ')} delivered again`)
  return { events, applied, snapshot: await takeSnapshot(address, onProgress) }
}

/** A log that is busy leaves the series out. */
async function isDone(consumer: ServiceProcess): Promise<boolean> {
  const lags = await consumer.samples('rapport_feature_lag_records')
  return lags.length > 0 && lags.every((lag) => lag === 0)
}

/** Number of events that the platform has accepted. */
async function importOrders(file: string, { url, key }: Address): Promise<number> {
  await using ledgers = await temporaryFolder()
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'import', 'online-retail', file], {
    env: { ...process.env, RAPPORT_URL: url, RAPPORT_KEY: key, RAPPORT_DATA_DIR: ledgers.path },
    maxBuffer: 64 * 1024 * 1024,
  })
  const accepted = /\(orders\): (\d+) accepted/.exec(stdout)?.[1]
  if (accepted === undefined) throw new Error(`the import does not say what was accepted:\n${stdout}`)
  return Number(accepted)
}
