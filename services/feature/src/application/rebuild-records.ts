import {
  rebuildCommandKey,
  StateRebuildRecordSchema,
  stateRebuildKey,
  stateRebuildsPrefix,
  topics,
  type StateCommand,
  type StateRebuildRecord,
} from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import { changeJsonRecord, readJsonRecord, toJsonBytes, type JsonRecord, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { isFinished } from '../domain/rebuild-work.ts'
import { RebuildRecordError } from '../errors.ts'

const schema = Compile(StateRebuildRecordSchema)

export interface RebuildRef {
  readonly tenant: string
  readonly id: string
}

/** @throws RebuildRecordError when the object is not a rebuild's record. */
export async function readRebuild(store: ObjectStore, ref: RebuildRef): Promise<StateRebuildRecord | undefined> {
  return (await readJsonRecord(store, recordOf(ref)))?.record
}

/**
 * Changes a record (see `changeJsonRecord`): nothing is written when `update` gives back the record that it was given. What
 * it looks at besides is as new as that version. Undefined: there is no such record.
 * @throws RebuildRecordError when the object is not a rebuild's record; RecordContendedError
 */
export async function changeRebuild(
  store: ObjectStore,
  ref: RebuildRef,
  update: (record: StateRebuildRecord) => StateRebuildRecord,
): Promise<StateRebuildRecord | undefined> {
  return (await changeJsonRecord(store, recordOf(ref), (record) => record && update(record))).record
}

/**
 * Asks the consuming side to rebuild the tenant's state. When a rebuild is under way already it is asked for once more
 * (its first command may have been lost) and answered instead of a new one.
 */
export async function requestRebuild(
  { eventLog, objectStore, clock }: { eventLog: EventLog; objectStore: ObjectStore; clock: Clock },
  tenant: string,
): Promise<StateRebuildRecord> {
  const newest = await newestRebuild(objectStore, tenant)
  const isOpen = newest !== undefined && !isFinished(newest)
  const record = isOpen ? newest : await createRebuild(objectStore, { tenant, id: idAfter(newest?.id) }, clock)
  await publishCommand(eventLog, tenant, record)
  return record
}

/** Tells every process to look at the record: the command as long as it is open, then the tombstone that takes the command away. */
export async function publishCommand(eventLog: EventLog, tenant: string, record: StateRebuildRecord): Promise<void> {
  const { id, requestedAt } = record
  const command: StateCommand = { type: 'rebuild', requestedAt, tenant, id }
  const value = isFinished(record) ? null : Buffer.from(JSON.stringify(command))
  await eventLog.publish([{ topic: topics.stateCommands.name, key: rebuildCommandKey(tenant, id), value }])
}

/** The next id is the same for all who ask at once, and one of them makes the record: a tenant never has two open rebuilds. */
async function createRebuild(store: ObjectStore, ref: RebuildRef, clock: Clock): Promise<StateRebuildRecord> {
  const requestedAt = new Date(clock.now()).toISOString()
  const figures = { attempts: 0, eventsRead: 0, eventsApplied: 0 }
  const record: StateRebuildRecord = { id: ref.id, state: 'pending', requestedAt, ...figures }
  const { stored } = await store.put(recordOf(ref).key, toJsonBytes(record), { ifAbsent: true })
  return stored ? record : ((await readRebuild(store, ref)) ?? record)
}

/** Ids sort by age, those of before they had numbers first. */
function idAfter(id: string | undefined): string {
  const number = Number(/^rebuild-(\d+)$/.exec(id ?? '')?.[1] ?? 0) + 1
  return `rebuild-${String(number).padStart(6, '0')}`
}

async function newestRebuild(store: ObjectStore, tenant: string): Promise<StateRebuildRecord | undefined> {
  let newest: string | undefined
  for await (const { key } of store.list(stateRebuildsPrefix(tenant))) newest = key
  const id = newest?.slice(stateRebuildsPrefix(tenant).length, -'.json'.length)
  return id === undefined ? undefined : readRebuild(store, { tenant, id })
}

function recordOf({ tenant, id }: RebuildRef): JsonRecord<StateRebuildRecord> {
  const key = stateRebuildKey(tenant, id)
  const read = (content: unknown): StateRebuildRecord => {
    if (schema.Check(content)) return content
    throw new RebuildRecordError(key)
  }
  return { key, read }
}
