import {
  rebuildCommandKey,
  StateRebuildRecordSchema,
  stateRebuildKey,
  stateRebuildsPrefix,
  topics,
  type StateCommand,
  type StateRebuildRecord,
} from '@rapport/contracts'
import { RapportError, type Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { isFinished } from '../domain/rebuild-work.ts'
import { RebuildRecordError } from '../errors.ts'

const schema = Compile(StateRebuildRecordSchema)
const maxTries = 50

export interface RebuildRef {
  readonly tenant: string
  readonly id: string
}

/** @throws RebuildRecordError when the object is not a rebuild's record. */
export async function readRebuild(store: ObjectStore, ref: RebuildRef): Promise<StateRebuildRecord | undefined> {
  return (await readStored(store, ref))?.record
}

/**
 * Changes a record under compare-and-set: `update` is asked for each version that is met, and nothing is written when it
 * answers the record that it was given. What it looks at besides is as new as that version. Undefined: there is no such record.
 * @throws RebuildRecordError when the object is not a rebuild's record; RapportError `RPT_STATE_REBUILD_CONTENDED` (can be
 * retried) when others change it again and again.
 */
export async function changeRebuild(
  store: ObjectStore,
  ref: RebuildRef,
  update: (record: StateRebuildRecord) => StateRebuildRecord,
): Promise<StateRebuildRecord | undefined> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const stored = await readStored(store, ref)
    if (stored === undefined) return undefined
    const record = update(stored.record)
    if (record === stored.record) return record
    const { stored: isStored } = await store.put(keyOf(ref), encode(record), { ifMatch: stored.etag })
    if (isStored) return record
  }
  throw new RapportError('RPT_STATE_REBUILD_CONTENDED', `${keyOf(ref)} is being changed by others`, { canRetry: true })
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
  const { stored } = await store.put(keyOf(ref), encode(record), { ifAbsent: true })
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

async function readStored(
  store: ObjectStore,
  ref: RebuildRef,
): Promise<{ record: StateRebuildRecord; etag: string } | undefined> {
  const found = await store.get(keyOf(ref))
  if (found === undefined) return undefined
  const record = parse(found.body)
  if (!schema.Check(record)) throw new RebuildRecordError(keyOf(ref))
  return { record, etag: found.object.etag }
}

/** Undefined for what is no JSON. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}

const keyOf = ({ tenant, id }: RebuildRef): string => stateRebuildKey(tenant, id)
const encode = (record: StateRebuildRecord): Uint8Array => Buffer.from(JSON.stringify(record))
