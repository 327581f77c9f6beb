import { type Event, EventSchema, topics } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { isDislike, itemIdsOf } from '@rapport/features'
import { type ObjectStore, readArchiveFiles } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { kindOf } from './event-weights.ts'
import { GrowingActs, numberInOrder, Numbering } from './growing-acts.ts'
import { IdentityLinks } from './identity-links.ts'
import { type InteractionLog, toInteractionLog } from './interaction-log.ts'
import { MessageIdSet } from './message-id-set.ts'

const eventCheck = Compile(EventSchema)

export interface ReadInteractionsOptions {
  readonly log: Log
  readonly signal: AbortSignal
  /** Called after each file with the events read so far. */
  readonly onEvents?: (events: number) => void
}

export interface InteractionData {
  readonly interactions: InteractionLog
  /** Events read, copies and unusable ones left out. */
  readonly events: number
}

/** Collects what training needs of a stream of events. */
class InteractionCollector {
  readonly #acts = new GrowingActs()
  readonly #visitors = new Numbering()
  readonly #items = new Numbering()
  readonly #links = new IdentityLinks()
  readonly #messageIds = new MessageIdSet()
  #events = 0

  get events(): number {
    return this.#events
  }

  /** False for an event without a visitor or a time. */
  add(event: Event): boolean {
    const atMs = Date.parse(event.timestamp)
    const visitor = visitorOf(event)
    if (!Number.isFinite(atMs) || visitor === undefined) return false
    if (!this.#messageIds.add(event.messageId)) return true
    this.#events += 1
    this.#links.add(event, atMs)
    const kind = event.type === 'track' ? kindOf(event.event) : undefined
    if (kind === undefined || isDislike(event)) return true
    for (const itemId of itemIdsOf(event.properties)) {
      this.#acts.push({ visitor: this.#visitors.of(visitor), item: this.#items.of(itemId), kind, atMs })
    }
    return true
  }

  /**
   * The acts with every anonymous visitor that belongs to a user merged into it. Users and items are numbered in the order
   * of their ids: the order of arrival would decide ties, initial factors and the last digits of sums.
   */
  finish(): InteractionLog {
    const owners = this.#links.owners()
    const users = numberInOrder(
      this.#visitors.texts.map((visitor) => {
        const owner = visitor.startsWith('a:') ? owners.get(visitor.slice(2)) : undefined
        return owner === undefined ? visitor : `u:${owner}`
      }),
    )
    const items = numberInOrder(this.#items.texts)
    const acts = this.#acts
    for (let act = 0; act < acts.length; act += 1) {
      acts.visitors[act] = users.numbers[acts.visitors[act] ?? 0] ?? 0
      acts.items[act] = items.numbers[acts.items[act] ?? 0] ?? 0
    }
    return toInteractionLog(acts, { users: users.texts.length, itemIds: items.texts })
  }
}

function visitorOf({ userId, anonymousId }: Event): string | undefined {
  if (userId !== undefined) return `u:${userId}`
  return anonymousId === undefined ? undefined : `a:${anonymousId}`
}

/** Reads every archived event of a tenant and keeps who did what to which item when. */
export async function readInteractions(
  objects: ObjectStore,
  tenant: string,
  options: ReadInteractionsOptions,
): Promise<InteractionData> {
  const collector = new InteractionCollector()
  let unusable = 0
  for await (const { lines } of readArchiveFiles(objects, tenant, topics.events.name)) {
    options.signal.throwIfAborted()
    for (const { value } of lines) {
      if (!eventCheck.Check(value) || value.tenant !== tenant || !collector.add(value)) unusable += 1
    }
    options.onEvents?.(collector.events)
  }
  if (unusable > 0) options.log.warn({ unusable }, 'archived records that are no events were left out')
  return { interactions: collector.finish(), events: collector.events }
}
