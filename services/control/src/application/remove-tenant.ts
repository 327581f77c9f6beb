import {
  forgetCommandKey,
  labelJobsRoot,
  sentimentGroup,
  StateCommandSchema,
  statePartitionOf,
  stateTopics,
  tenantRemovalKey,
  textClassificationGroup,
  topics,
  type TenantRemoval,
} from '@rapport/contracts'
import type { PartitionExtent } from '@rapport/messaging'
import { withdrawAccess, type ServiceDependencies } from '@rapport/service-kit'
import { setTimeout as wait } from 'node:timers/promises'
import { Value } from 'typebox/value'
import { eventCountsGroup, type EventCounter } from '../jobs/event-counts.ts'
import { endTenantWork } from './end-tenant-work.ts'
import { eraseObjects, eraseRecords, readTable } from './erase-tenant.ts'
import { isoTime } from './training-jobs.ts'
import { waitUntil } from './wait-until.ts'

export interface RemoveTenantOptions extends Pick<
  ServiceDependencies,
  'objectStore' | 'eventLog' | 'onlineStore' | 'clock' | 'log'
> {
  readonly counter: Pick<EventCounter, 'flush' | 'forget'>
  /** Brings the archive up to the log's end. */
  readonly flushArchive: () => Promise<void>
  /** From the end of access: by then every process knows of it, and the calls that it had let in have ended. */
  readonly settleMs: number
  /** Between two looks at what is waited for. */
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** Everything of a tenant in the object store lies below these; the removal's own record is the last to go. */
const areas = [
  'archive',
  'models',
  'datasets',
  'jobs',
  'checkpoints',
  'label-jobs',
  'label-job-results',
  'state',
  'text-rules',
] as const

/**
 * Removes everything that a tenant has stored, then the record of the removal. It can be cut short anywhere and begun again.
 *
 * The event log keeps the tenant's events until their retention ends; nobody can read them, and consumers leave them out
 * (`forget-tenant`) when a rewind brings them again.
 * @throws RapportError `RPT_TENANT_REMOVAL_WAITS` (can be retried) when what it waits for takes too long.
 */
export async function removeTenant(options: RemoveTenantOptions, removal: TenantRemoval): Promise<void> {
  const { objectStore, eventLog, onlineStore, counter, clock, settleMs, signal } = options
  const { tenant, requestedAt } = removal
  await withdrawAccess(options, tenant)
  // Whoever works at one sees that it is gone before the rest goes.
  await eraseObjects(objectStore, `${labelJobsRoot}${tenant}/`)
  const settledMs = Date.parse(requestedAt) + settleMs - clock.now()
  if (settledMs > 0) await wait(settledMs, undefined, { signal })
  await eraseRecords(eventLog, topics.items.name, tenant)
  await endTenantWork(options, tenant)
  const extents = await eventLog.extents(topics.events.name)
  for (const group of [textClassificationGroup, sentimentGroup]) await labelledThrough(options, group, extents)
  const state = await Promise.all(stateTopics.map(({ name }) => eventLog.extents(name)))
  await forgetRecords(options, removal, state.flat())
  await countedThrough(options, extents)
  await options.flushArchive()
  await onlineStore.clearState(tenant)
  await onlineStore.clearDocuments(tenant)
  await counter.forget(tenant)
  for (const area of areas) await eraseObjects(objectStore, `${area}/${tenant}/`)
  // After the aliases themselves: whoever is told reads them.
  await eraseRecords(eventLog, topics.models.name, tenant)
  await objectStore.delete([tenantRemovalKey(tenant)])
}

/** When it resolves, no record of the tenant that stands in the log is applied any more. */
async function forgetRecords(
  options: RemoveTenantOptions,
  { tenant }: TenantRemoval,
  extents: readonly PartitionExtent[],
): Promise<void> {
  const { eventLog, clock } = options
  const before: number[] = []
  for (const extent of extents) before[statePartitionOf(extent)] = extent.nextOffset
  const requestedAt = isoTime(clock)
  const key = forgetCommandKey(tenant)
  const topic = topics.stateCommands.name
  const command = { type: 'forget-tenant', requestedAt, tenant, before }
  await eventLog.publish([{ topic, key, value: Buffer.from(JSON.stringify(command)) }])
  await waitUntil('the consumers of events', options, async () => {
    const value = (await readTable(eventLog, topic)).get(key)
    const standing: unknown = value === undefined ? undefined : JSON.parse(Buffer.from(value).toString('utf8'))
    if (!Value.Check(StateCommandSchema, standing) || standing.type !== 'forget-tenant') return false
    // Not the answers to an earlier attempt, whose offsets were lower.
    const isNew = before.every((offset, partition) => (standing.before[partition] ?? 0) >= offset)
    return isNew && before.every((_, partition) => standing.taken?.includes(partition))
  })
}

/**
 * Resolves when nothing is found any more in texts of the events below the extents. A group that has never been at work is
 * that of a service that this installation does not run. One that does so no more is waited for: the log does not tell
 * whether a group has members (docs/reliability.md says how to go on).
 */
function labelledThrough(
  options: RemoveTenantOptions,
  group: string,
  extents: readonly PartitionExtent[],
): Promise<void> {
  const { eventLog } = options
  return waitUntil(`the group ${group}`, options, async () => {
    const checkpoints = await eventLog.checkpoints(group, topics.events.name)
    if (checkpoints.size === 0) return true
    // What retention has taken meanwhile is read by nobody.
    const standing = new Map((await eventLog.extents(topics.events.name)).map((each) => [each.partition, each]))
    return extents.every(({ partition, nextOffset }) => {
      const firstOffset = standing.get(partition)?.firstOffset ?? 0
      return Math.max(firstOffset, checkpoints.get(partition)?.nextOffset ?? 0) >= nextOffset
    })
  })
}

/** Resolves when the events below the extents are counted, so that none of them is counted after the counts are forgotten. */
function countedThrough(options: RemoveTenantOptions, extents: readonly PartitionExtent[]): Promise<void> {
  const { eventLog, counter } = options
  return waitUntil('the count of events', options, async () => {
    await counter.flush()
    const checkpoints = await eventLog.checkpoints(eventCountsGroup, topics.events.name)
    return extents.every(
      ({ partition, firstOffset, nextOffset }) =>
        firstOffset === nextOffset || (checkpoints.get(partition)?.nextOffset ?? 0) >= nextOffset,
    )
  })
}
