import type { Application, ApplyOptions, EntityRef, Entry, EntryOutcome, OnlineStore } from '@rapport/online-store'
import { effectsOf, sourceOf, type StateRecord } from '../domain/state-record.ts'
import { clockEffect, type Effect, type Effects } from '../domain/to-effects.ts'

/** Records of one partition, in offset order. */
export interface StateBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly { readonly offset: number; readonly record: StateRecord }[]
}

export type OutcomeCounts = Readonly<Record<EntryOutcome, number>>

interface Planned {
  readonly offset: number
  readonly record: StateRecord
  readonly effects: Effects
}

export interface ApplyRecordsOptions extends ApplyOptions {
  readonly dedupWindowMs: number
  /** To be told each record that was applied for the first time, when all of its effects are durable. */
  readonly onApplied?: (record: StateRecord) => void
}

/**
 * Applies records to every entity that they change; resolves when all of it is durable. Live consumption and rebuild both
 * come here. The visitors go first, because their slots know the window's messageIds: what one of them calls a duplicate
 * touches nothing else. A redelivery still visits the other entities, since the first delivery may have ended between.
 */
export async function applyRecords(
  store: OnlineStore,
  batch: StateBatch,
  options: ApplyRecordsOptions,
): Promise<OutcomeCounts> {
  const planned = batch.records.map(({ offset, record }): Planned => ({ offset, record, effects: effectsOf(record) }))
  const visitors = new Applications(batch.partition, options.dedupWindowMs)
  for (const plan of planned) visitors.add(batch.topic, plan.effects.visitor, plan)
  const outcomes = visitors.outcomesByOffset(await store.apply(visitors.list, options))
  const others = new Applications(batch.partition)
  const fresh = planned.filter(({ offset }) => outcomes.get(offset) !== 'duplicate')
  const links = linkTopic(batch.topic)
  for (const plan of fresh) {
    if (plan.effects.linked !== undefined) others.add(links, plan.effects.linked, plan)
    for (const effect of plan.effects.others) others.add(batch.topic, effect, plan)
  }
  addClocks(others, batch.topic, fresh)
  if (others.list.length > 0) await store.apply(others.list, options)
  for (const { offset, record } of planned) if (outcomes.get(offset) === 'applied') options.onApplied?.(record)
  return countOutcomes(outcomes)
}

/** One entry for each tenant, under the batch's last offset. */
function addClocks(applications: Applications, topic: string, fresh: readonly Planned[]): void {
  const newest = new Map<string, StateRecord>()
  for (const { record, effects } of fresh) {
    const { tenant, messageId } = sourceOf(record)
    const standing = newest.get(tenant)
    const isNewer =
      standing === undefined ||
      record.atMs > standing.atMs ||
      (record.atMs === standing.atMs && messageId > sourceOf(standing).messageId)
    if (isNewer && effects.isBehaviour) newest.set(tenant, record)
  }
  const offset = fresh.at(-1)?.offset ?? 0
  for (const [tenant, record] of newest) applications.add(topic, clockEffect(tenant, record.atMs), { offset, record })
}

/**
 * An anonymous entity may be the visitor of one event and the linked one of another in the same partition. Both are
 * applied at different moments, so each of the two roles has a high-water mark of its own.
 */
const linkTopic = (topic: string): string => `${topic}#links`

interface GrowingApplication extends Application {
  readonly entries: Entry[]
}

/** Entries gathered by role and entity. */
class Applications {
  readonly list: GrowingApplication[] = []
  readonly #partition: number
  readonly #dedupWindowMs: number | undefined
  /** By role, tenant and kind, which are few; then by id. */
  readonly #byEntity = new Map<string, Map<string, Map<string, Map<string, GrowingApplication>>>>()

  constructor(partition: number, dedupWindowMs?: number) {
    this.#partition = partition
    this.#dedupWindowMs = dedupWindowMs
  }

  add(topic: string, { entity, changes }: Effect, { offset, record }: { offset: number; record: StateRecord }): void {
    const { receivedAtMs } = record
    this.#of(topic, entity).entries.push({ offset, messageId: sourceOf(record).messageId, receivedAtMs, changes })
  }

  outcomesByOffset(outcomes: readonly (readonly EntryOutcome[])[]): Map<number, EntryOutcome> {
    const byOffset = new Map<number, EntryOutcome>()
    for (const [index, application] of this.list.entries()) {
      for (const [position, { offset }] of application.entries.entries()) {
        const outcome = outcomes[index]?.[position]
        if (outcome !== undefined) byOffset.set(offset, outcome)
      }
    }
    return byOffset
  }

  #of(topic: string, entity: EntityRef): GrowingApplication {
    const byId = innerMap(innerMap(innerMap(this.#byEntity, topic), entity.tenant), entity.kind)
    let application = byId.get(entity.id)
    if (application === undefined) {
      const window = this.#dedupWindowMs === undefined ? {} : { dedupWindowMs: this.#dedupWindowMs }
      application = { entity, topic, partition: this.#partition, entries: [], ...window }
      byId.set(entity.id, application)
      this.list.push(application)
    }
    return application
  }
}

function innerMap<Value>(outer: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let inner = outer.get(key)
  if (inner === undefined) {
    inner = new Map()
    outer.set(key, inner)
  }
  return inner
}

function countOutcomes(outcomes: ReadonlyMap<number, EntryOutcome>): OutcomeCounts {
  const counts = { applied: 0, redelivered: 0, duplicate: 0 }
  for (const outcome of outcomes.values()) counts[outcome] += 1
  return counts
}
