import { setTimeout } from 'node:timers/promises'
import type { LeaderboardRow } from '@rapport/contracts'
import type { RapportClient } from '@rapport/sdk'
import { readState } from '../harness/check.ts'
import { readFeatures } from './read-features.ts'

/** Values by the place where they stand: entity, part and field. */
export type Fields = Map<string, string>

/** What can be read of a tenant once all of its events are applied. */
export interface Snapshot {
  /** All of the online state. */
  readonly state: Fields
  /** What the API answers for every user, anonymous visitor and item at one moment. */
  readonly features: Fields
  /** Of a training on these events. */
  readonly evaluation: Fields
}

export interface Address {
  readonly url: string
  readonly key: string
  readonly client: RapportClient
}

interface StateLine {
  readonly kind: string
  readonly id: string
  readonly part?: string
  readonly field?: string
}

/** More than any search takes: with a budget that ends, what is tried would depend on the machine's speed. */
const searchSeconds = 86_400

/** The state of the tenant, field by field. */
export async function readStateFields(address: Pick<Address, 'url' | 'key'>): Promise<Fields> {
  const state: Fields = new Map()
  for (const line of await readState(address)) {
    const { kind, id, part, field, ...value } = JSON.parse(line) as StateLine
    const place = [`${kind} ${id}`, part, field].filter((name) => name !== undefined).join(', ')
    state.set(place, JSON.stringify(value))
  }
  return state
}

export async function takeSnapshot(address: Address, onProgress: (line: string) => void): Promise<Snapshot> {
  const state = await readStateFields(address)
  onProgress(`${state.size} fields of state`)
  const features = await readFeatures(address.client, state)
  onProgress(`${features.size} features`)
  const evaluation = await evaluate(address.client)
  onProgress(`${evaluation.size} figures of the evaluation`)
  return { state, features, evaluation }
}

async function evaluate(client: RapportClient): Promise<Fields> {
  const { id } = await client.trainingJobs.create({ task: 'recommender', budgetSeconds: searchSeconds })
  for (;;) {
    const job = await client.trainingJobs.get(id)
    if (job.state === 'queued' || job.state === 'running') {
      await setTimeout(500)
      continue
    }
    const { result, leaderboard, data, error } = job
    if (result === undefined || leaderboard === undefined) {
      throw new Error(`the training made no model: ${error?.message ?? job.summary ?? job.state}`)
    }
    const { version, ...outcome } = result
    const manifest = await client.models.manifest(job.model, version)
    const fields: Fields = new Map()
    addFields(fields, 'sizes', data)
    addFields(fields, 'result', outcome)
    for (const [at, row] of leaderboard.entries()) addFields(fields, `leaderboard ${at + 1}`, withoutTimes(row))
    addFields(fields, 'model', { ...manifest.data, parameters: manifest.parameters, metrics: manifest.metrics })
    return fields
  }
}

function withoutTimes({ trainingSeconds, ...row }: LeaderboardRow): object {
  return { ...row, isTrained: trainingSeconds !== undefined }
}

/** A field for each number and text within the value. */
function addFields(fields: Fields, place: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    fields.set(place, JSON.stringify(value) ?? 'undefined')
    return
  }
  for (const [name, inner] of Object.entries(value)) addFields(fields, `${place}, ${name}`, inner)
}
