import type { Event } from '@rapport/contracts'
import {
  customCountPrefix,
  dislikedValue,
  entities,
  identityOf,
  isBehaviourEvent,
  isCustomEvent,
  isDislike,
  isUnlink,
  limits,
  parts,
  ratingOf,
  type TimedEvent,
} from '@rapport/features'
import type { Change, EntityRef, JsonValue } from '@rapport/online-store'
import { identityChanges } from './identity.ts'
import { itemLines, type ItemLine } from './item-lines.ts'
import { readCurrency, toMinorUnits } from './money.ts'

export interface Effect {
  readonly entity: EntityRef
  readonly changes: readonly Change[]
}

/**
 * What one event does, entity by entity. `visitor` is applied first: its slot knows the messageIds of the dedup window.
 * `linked` is the anonymous entity of a pair; it may be some other event's visitor.
 */
export interface Effects {
  readonly visitor: Effect
  readonly linked: Effect | undefined
  /** Items and trends. */
  readonly others: readonly Effect[]
  /** False for what an operator does to a visitor; the tenant's clock takes no notice of it. */
  readonly isBehaviour: boolean
}

/** The event as the functions below need it. */
interface Facts {
  readonly tenant: string
  /** Under which the event is counted. */
  readonly name: string
  readonly atMs: number
  /** Of orders and refunds. */
  readonly currency: string | undefined
  readonly lines: readonly ItemLine[]
  readonly disliked: boolean
  /** Of a review. */
  readonly rating: number | undefined
}

/**
 * The tenant's clock after a batch: of its events the newest by (timestamp, messageId). A maximum may be taken before it is
 * applied, so a batch needs one entry and not one an event.
 */
export function clockEffect(tenant: string, atMs: number): Effect {
  return {
    entity: entities.clock(tenant),
    changes: [{ op: 'latest', part: parts.clock, field: 'newestEvent', atMs, value: null }],
  }
}

/** Effects of an event: a pure function, its changes commutative (DESIGN.md §3). */
export function toEffects({ event, atMs }: TimedEvent): Effects {
  const { tenant, userId, anonymousId } = event
  const identity = identityOf(event)
  const entity = userId === undefined ? entities.anonymous(tenant, anonymousId ?? '') : entities.user(tenant, userId)
  const linked = identity && {
    entity: entities.anonymous(tenant, identity.anonymousId),
    changes: identityChanges(identity.kind, identity.userId, atMs),
  }
  const changes: Change[] =
    identity === undefined ? [] : [...identityChanges(identity.kind, identity.anonymousId, atMs)]
  // Undoing a link is no behaviour of the visitor.
  if (isUnlink(event)) return { visitor: { entity, changes }, linked, others: [], isBehaviour: false }
  const facts = readFacts(event, atMs)
  addSeen(changes, facts)
  addRecentItems(changes, facts)
  addMoney(changes, event, facts)
  if (event.type === 'identify') addTraits(changes, event.traits, atMs)
  return { visitor: { entity, changes }, linked, others: sharedEffects(facts), isBehaviour: true }
}

function readFacts(event: Event, atMs: number): Facts {
  const { tenant, type, properties } = event
  if (type !== 'track')
    return { tenant, name: type, atMs, currency: undefined, lines: [], disliked: false, rating: undefined }
  const name = event.event ?? type
  const hasMoney = name === 'Order Completed' || name === 'Order Refunded'
  const currency = hasMoney ? readCurrency(properties?.['currency']) : undefined
  const lines = itemLines(properties, currency)
  return { tenant, name, atMs, currency, lines, disliked: isDislike(event), rating: ratingOf(event) }
}

const customSample = { prefix: customCountPrefix, keep: limits.customEvents }

function addSeen(changes: Change[], { name, atMs }: Facts): void {
  const count = { op: 'count', part: parts.count(name), atMs, amount: 1 } as const
  changes.push(
    isCustomEvent(name) ? { ...count, sample: customSample } : count,
    { op: 'latest', part: parts.seen, field: name, atMs, value: null, keep: limits.seenEvents },
    { op: 'earliest', part: parts.firstSeen, field: 'at', atMs, value: null },
  )
}

function addRecentItems(changes: Change[], { name, atMs, lines, disliked }: Facts): void {
  const known = isBehaviourEvent(name)
  const value = known ? (disliked ? dislikedValue : null) : name
  const part = known ? parts.recent(name) : parts.recentOther
  const keep = name === 'Order Completed' ? limits.orderedItems : limits.recentItems
  for (const { itemId } of lines) changes.push({ op: 'newest', part, member: itemId, atMs, value, keep })
}

function addMoney(changes: Change[], event: Event, { name, atMs, currency, lines }: Facts): void {
  if (currency === undefined) return
  if (name === 'Order Completed') changes.push({ op: 'count', part: parts.orders, atMs, amount: 1 })
  const { revenue, total } = event.properties ?? {}
  const amount =
    toMinorUnits(revenue, currency) ??
    toMinorUnits(total, currency) ??
    lines.reduce((sum, line) => sum + (line.amountMinor ?? 0), 0)
  const part = name === 'Order Completed' ? parts.revenue(currency) : parts.refunds(currency)
  if (amount > 0) changes.push({ op: 'count', part, atMs, amount })
}

function addTraits(changes: Change[], traits: Event['traits'], atMs: number): void {
  for (const [field, value] of Object.entries(traits ?? {})) {
    if (field.length === 0 || field.length > limits.traitNameLength) continue
    if (Buffer.byteLength(JSON.stringify(value)) > limits.traitValueBytes) continue
    changes.push({ op: 'latest', part: parts.traits, field, atMs, value: value as JsonValue, keep: limits.traits })
  }
}

function sharedEffects(facts: Facts): Effect[] {
  const { tenant, name, atMs, lines } = facts
  const effects: Effect[] = lines.map((line) => ({
    entity: entities.item(tenant, line.itemId),
    changes: itemChanges(line, facts),
  }))
  if (lines.length > 0) {
    const part = isBehaviourEvent(name) ? parts.trend(name) : parts.trendOther
    const changes = lines.map(({ itemId }): Change => ({ op: 'tally', part, field: itemId, amount: 1 }))
    for (const unit of ['hour', 'day'] as const) effects.push({ entity: entities.trend(tenant, unit, atMs), changes })
  }
  return effects
}

function itemChanges(line: ItemLine, facts: Facts): Change[] {
  const { name, atMs, currency, rating } = facts
  const changes: Change[] = []
  addSeen(changes, facts)
  if (name === 'Order Completed' && currency !== undefined) {
    changes.push({ op: 'count', part: parts.units, atMs, amount: line.quantity })
    if ((line.amountMinor ?? 0) > 0) {
      changes.push({ op: 'count', part: parts.revenue(currency), atMs, amount: line.amountMinor ?? 0 })
    }
  }
  if (rating !== undefined) {
    const amount = Math.round(rating * 100)
    changes.push(
      { op: 'count', part: parts.ratings, atMs, amount: 1 },
      { op: 'count', part: parts.ratingSum, atMs, amount },
    )
  }
  return changes
}
