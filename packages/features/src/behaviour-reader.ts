import type { EntityRef } from '@rapport/online-store'
import type { ItemOpinion } from './item-opinions.ts'

/** Who asks: at least one of the two ids. */
export interface VisitorRef {
  readonly tenant: string
  readonly userId?: string
  readonly anonymousId?: string
}

export interface RecentItem {
  readonly itemId: string
  readonly atMs: number
  /** The visitor's newest review of it speaks against it. */
  readonly disliked?: true
}

/** Behaviour merged over all linked ids of a visitor. */
export interface VisitorBehaviour {
  /** The entities that were merged, the user first; at most 17. */
  readonly members: readonly EntityRef[]
  /** One string that changes whenever an event was applied to any member or a link changed: the freshness part of a cache entry. */
  readonly stamp: string
  /** Newest first by event name (`Product Viewed`, …, also custom names): each item once, with the time of its newest event. */
  readonly recentByEvent: ReadonlyMap<string, readonly RecentItem[]>
  /** Items of which the visitor's newest text is negative, where no rating says how they are liked. */
  readonly displeasing: readonly string[]
}

export interface TrendBucket {
  /** Start of the hour or the day, milliseconds since the epoch. */
  readonly startMs: number
  /** Count by item id, by event name; all custom events together are `other`. */
  readonly countsByEvent: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** Hours or days, both bounds included. */
export interface TrendUnitSpan {
  readonly unit: 'hour' | 'day'
  readonly fromMs: number
  readonly toMs: number
}

/** How far a tenant's state has come. */
export interface TenantClock {
  /** Event time of the newest applied event, milliseconds since the epoch. */
  readonly newestEventMs: number
  /** Grows with each applied batch that has events of the tenant, late ones too. */
  readonly sequence: number
}

/** Reads the online state that the feature service writes; every serving service uses it. */
export interface BehaviourReader {
  readVisitor(visitor: VisitorRef, options?: { asOfMs?: number }): Promise<VisitorBehaviour>
  /** The `stamp` that `readVisitor` would give now, at a fraction of its cost: links and sequences alone are read. */
  readStamp(visitor: VisitorRef): Promise<string>
  /** Item counts of the tenant by hour or day bucket, both bounds included, ascending; empty buckets left out. */
  readTrend(tenant: string, span: TrendUnitSpan): Promise<readonly TrendBucket[]>
  /** What is said of items, lined up with them. */
  readOpinions(tenant: string, itemIds: readonly string[], asOfMs: number): Promise<readonly ItemOpinion[]>
  /** Undefined before the tenant's first applied event. */
  readClock(tenant: string): Promise<TenantClock | undefined>
}
