import { randomBytes } from 'node:crypto'
import {
  rebuildCommandKey,
  StateRebuildSchema,
  stateRebuildKey,
  stateRebuildsPrefix,
  topics,
  type StateCommand,
  type StateRebuild,
} from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { RebuildRecordError } from '../errors.ts'

const schema = Compile(StateRebuildSchema)

export const isFinished = ({ state }: StateRebuild): boolean => state === 'done' || state === 'failed'

/** @throws RebuildRecordError when the object is not a rebuild's record. */
export async function readRebuild(store: ObjectStore, tenant: string, id: string): Promise<StateRebuild | undefined> {
  const key = stateRebuildKey(tenant, id)
  const found = await store.get(key)
  if (found === undefined) return undefined
  const record: unknown = JSON.parse(Buffer.from(found.body).toString('utf8'))
  if (!schema.Check(record)) throw new RebuildRecordError(key)
  return record
}

export async function writeRebuild(store: ObjectStore, tenant: string, record: StateRebuild): Promise<void> {
  await store.put(stateRebuildKey(tenant, record.id), Buffer.from(JSON.stringify(record)))
}

/**
 * Asks the consuming side to rebuild the tenant's state. When a rebuild is under way already it is asked for once more
 * (its first command may have been lost) and answered instead of a new one.
 */
export async function requestRebuild(
  { eventLog, objectStore, clock }: { eventLog: EventLog; objectStore: ObjectStore; clock: Clock },
  tenant: string,
): Promise<StateRebuild> {
  const newest = await newestRebuild(objectStore, tenant)
  const record = newest === undefined || isFinished(newest) ? newRebuild(clock) : newest
  if (record !== newest) await writeRebuild(objectStore, tenant, record)
  const command: StateCommand = { type: 'rebuild', requestedAt: record.requestedAt, tenant, id: record.id }
  const value = Buffer.from(JSON.stringify(command))
  await eventLog.publish([{ topic: topics.stateCommands.name, key: rebuildCommandKey(tenant, record.id), value }])
  return record
}

/** Ids begin with the time, so that the newest is the last by name. */
function newRebuild(clock: Clock): StateRebuild {
  const now = clock.now()
  const id = `${now.toString(36).padStart(9, '0')}-${randomBytes(5).toString('hex')}`
  const requestedAt = new Date(now).toISOString()
  return { id, state: 'pending', requestedAt, attempts: 0, eventsRead: 0, eventsApplied: 0 }
}

async function newestRebuild(store: ObjectStore, tenant: string): Promise<StateRebuild | undefined> {
  let newest: string | undefined
  for await (const { key } of store.list(stateRebuildsPrefix(tenant))) newest = key
  const id = newest?.slice(stateRebuildsPrefix(tenant).length, -'.json'.length)
  return id === undefined ? undefined : readRebuild(store, tenant, id)
}
