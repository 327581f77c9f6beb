import type { Application, EntityRef, Entry, EntryOutcome, OnlineStore } from '@rapport/online-store'
import type { TimedEvent } from '../domain/read-event.ts'
import { toEffects, type Effect, type Effects } from '../domain/to-effects.ts'

/** Events of one partition, in offset order. */
export interface EventBatch {
  readonly topic: string
  readonly partition: number
  readonly events: readonly { readonly offset: number; readonly event: TimedEvent }[]
}

export type OutcomeCounts = Readonly<Record<EntryOutcome, number>>

interface Planned {
  readonly entry: Omit<Entry, 'changes'>
  readonly effects: Effects
}

/**
 * Applies events to every entity that they change; resolves when all of it is durable. Live consumption and rebuild both
 * come here. The visitors go first, because their slots know the window's messageIds: what one of them calls a duplicate
 * touches nothing else. A redelivery still visits the other entities, since the first delivery may have ended between.
 */
export async function applyEvents(
  store: OnlineStore,
  batch: EventBatch,
  options: { dedupWindowMs: number },
): Promise<OutcomeCounts> {
  const planned = batch.events.map(({ offset, event }): Planned => {
    const { messageId } = event.event
    return { entry: { offset, messageId, receivedAtMs: event.receivedAtMs }, effects: toEffects(event) }
  })
  const visitors = new Applications(batch, options.dedupWindowMs)
  for (const { entry, effects } of planned) visitors.add(batch.topic, effects.visitor, entry)
  const outcomes = visitors.outcomesByOffset(await store.apply(visitors.list))
  const others = new Applications(batch)
  for (const { entry, effects } of planned) {
    if (outcomes.get(entry.offset) === 'duplicate') continue
    if (effects.linked !== undefined) others.add(linkTopic(batch.topic), effects.linked, entry)
    for (const effect of effects.others) others.add(batch.topic, effect, entry)
  }
  if (others.list.length > 0) await store.apply(others.list)
  return countOutcomes(outcomes)
}

/**
 * An anonymous entity may be the visitor of one event and the linked one of another in the same partition. Both are
 * applied at different moments, so each of the two roles has a high-water mark of its own.
 */
const linkTopic = (topic: string): string => `${topic}#links`

interface GrowingApplication extends Application {
  readonly entries: Entry[]
}

/** Entries gathered by entity and role. */
class Applications {
  readonly list: GrowingApplication[] = []
  readonly #batch: EventBatch
  readonly #dedupWindowMs: number | undefined
  readonly #byEntity = new Map<string, GrowingApplication>()

  constructor(batch: EventBatch, dedupWindowMs?: number) {
    this.#batch = batch
    this.#dedupWindowMs = dedupWindowMs
  }

  add(topic: string, { entity, changes }: Effect, entry: Omit<Entry, 'changes'>): void {
    this.#of(topic, entity).entries.push({ ...entry, changes })
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
    const key = `${topic}\0${entity.tenant}\0${entity.kind}\0${entity.id}`
    let application = this.#byEntity.get(key)
    if (application === undefined) {
      const window = this.#dedupWindowMs === undefined ? {} : { dedupWindowMs: this.#dedupWindowMs }
      application = { entity, topic, partition: this.#batch.partition, entries: [], ...window }
      this.#byEntity.set(key, application)
      this.list.push(application)
    }
    return application
  }
}

function countOutcomes(outcomes: ReadonlyMap<number, EntryOutcome>): OutcomeCounts {
  const counts = { applied: 0, redelivered: 0, duplicate: 0 }
  for (const outcome of outcomes.values()) counts[outcome] += 1
  return counts
}
