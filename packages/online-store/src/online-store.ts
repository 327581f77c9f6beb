/** An entity owns one slot: everything below it is changed in one atomic step. */
export interface EntityRef {
  readonly tenant: string
  /** `user`, `anonymous`, `item`, `trend`, … */
  readonly kind: string
  readonly id: string
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * One commutative change of one part of an entity. All are functions of the set of changes applied, never of their order:
 * ties are broken by the entry's messageId, then by the value's JSON text (texts compare by their UTF-8 bytes). A part's
 * name starts with the kind of its changes (`count/…`). Lone surrogates may read back as U+FFFD.
 */
export type Change =
  /** Integer counter with event-time buckets (5 minutes, kept 26 h; 1 hour, kept 32 d; relative to the part's newest bucket) and an all-time total. */
  | {
      readonly op: 'count'
      readonly part: string
      readonly atMs: number
      readonly amount: number
      readonly sample?: PartSample
    }
  /** Register: the newest (atMs, messageId) wins. With `keep`, the `keep` newest fields by (atMs, messageId, field) stay. */
  | {
      readonly op: 'latest'
      readonly part: string
      readonly field: string
      readonly atMs: number
      readonly value: JsonValue
      readonly keep?: number
    }
  /** Register: the oldest (atMs, messageId) wins. With `keep`, the `keep` oldest fields by (atMs, messageId, field) stay. */
  | {
      readonly op: 'earliest'
      readonly part: string
      readonly field: string
      readonly atMs: number
      readonly value: JsonValue
      readonly keep?: number
    }
  /** Set of members, each with its newest (atMs, messageId) and value; the `keep` newest members stay. The smallest `keep` ever given to a part counts. */
  | {
      readonly op: 'newest'
      readonly part: string
      readonly member: string
      readonly atMs: number
      readonly value: JsonValue
      readonly keep: number
    }
  /** Integer by field. */
  | { readonly op: 'tally'; readonly part: string; readonly field: string; readonly amount: number }

/**
 * Bounds how many parts of one entity share a prefix: only the `keep` of them with the smallest (murmur2 of the part's
 * UTF-8 name, name) stay. Which stay depends on the set of names alone, never on their order (a bottom-k sample), and
 * a part that stays was never dropped, so its value is exact.
 */
export interface PartSample {
  readonly prefix: string
  readonly keep: number
}

/** What one record does to one entity. Each entity gets at most one entry an offset. */
export interface Entry {
  readonly offset: number
  readonly messageId: string
  readonly receivedAtMs: number
  readonly changes: readonly Change[]
}

export interface Application {
  readonly entity: EntityRef
  readonly topic: string
  readonly partition: number
  /** Ascending offsets. */
  readonly entries: readonly Entry[]
  /** Present on the entity that is applied first: known messageIds of the window are duplicates. The window reaches back from the newest `receivedAtMs` that applications with a window have brought the entity, never from the clock. */
  readonly dedupWindowMs?: number
}

/**
 * `applied`: the changes took effect now. `redelivered`: this offset was applied before. `duplicate`: the messageId was
 * applied at another offset; nothing may be done for it anywhere.
 */
export type EntryOutcome = 'applied' | 'redelivered' | 'duplicate'

/** `[bucket start in ms since the epoch, amount]`, ascending. */
export type Bucket = readonly [startMs: number, amount: number]
export interface Register {
  readonly atMs: number
  readonly messageId: string
  readonly value: JsonValue
}
export interface Member extends Register {
  readonly member: string
}

export type PartValue =
  | {
      readonly op: 'count'
      readonly total: number
      readonly fiveMinutes: readonly Bucket[]
      readonly hours: readonly Bucket[]
    }
  | { readonly op: 'latest' | 'earliest'; readonly fields: ReadonlyMap<string, Register> }
  /** Newest first. */
  | { readonly op: 'newest'; readonly members: readonly Member[] }
  | { readonly op: 'tally'; readonly fields: ReadonlyMap<string, number> }

export interface EntityState {
  /** Grows by one with each applied entry; 0 when the entity is unknown. */
  readonly sequence: number
  /** The parts that were asked for and exist. */
  readonly parts: ReadonlyMap<string, PartValue>
}

export interface EntityRead {
  readonly entity: EntityRef
  /** Part names, or every part. */
  readonly parts: readonly string[] | 'all'
}

export interface Document {
  readonly version: number
  readonly value: JsonValue
}

export interface DocumentWrite {
  readonly entity: EntityRef
  readonly value: JsonValue
  /** The version that must stand now: 0 for "none yet". Absent: whatever stands. */
  readonly ifVersion?: number
}

/** `version` is the one that stands after the call. */
export type DocumentOutcome = { readonly written: boolean; readonly version: number }

export interface CacheKey {
  readonly entity: EntityRef
  readonly name: string
}

/** Since this handle was opened, where it is a total. */
export interface OnlineStoreStats {
  /** Whether calls fail at once by now: there is no connection, or a server of the store has not answered lately. */
  readonly isUnavailable: boolean
  /** Times that `session` has changed. */
  readonly sessionsLostTotal: number
  readonly cache: CacheStats
}

export interface CacheStats {
  /** As `OnlineStoreStats.isUnavailable`, for where cached values are kept. */
  readonly isUnavailable: boolean
  /** Values of this handle that were not kept, or not until they expired, for want of room or of a server. A server counts itself what it evicts. */
  readonly droppedTotal: number
}

export interface ApplyOptions {
  /** `OnlineStore.session` as it was when the caller decided to write. */
  readonly session?: number
  readonly beforeWrite?: () => void
}

/** The online store port (DESIGN.md §2): atomic apply for each entity, many entities in one read, time to live for cached values. */
export interface OnlineStore extends AsyncDisposable {
  /**
   * Another number after each lost connection: a failover may have taken back what was acknowledged before. Always the
   * same where nothing can be taken back.
   */
  readonly session: number
  /**
   * Applies each application atomically in its entity's slot: offsets at or below the slot's mark for that topic and
   * partition are skipped, the rest applied in order, the mark raised, also by a duplicate. Resolves when durable. Outcomes line
   * up with the entries. A call may be split into several transactions between applications.
   * With a `session`, nothing is written in a later one: a mark that rises above entries that were taken back would hide
   * them for ever, so the caller goes back first. `beforeWrite` is asked immediately before each transaction of the call: the
   * RapportError that it throws ends the call, and what had been applied stays.
   * @throws OnlineStoreInputError naming the field; nothing of the call has been applied.
   * @throws StoreUnavailableError when it cannot be said that all is durable; applying again is free.
   * @throws StoreSessionError when the session has ended; later applications of the call were not tried.
   */
  apply(applications: readonly Application[], options?: ApplyOptions): Promise<readonly (readonly EntryOutcome[])[]>
  /** One answer a request, in order; unknown entities have sequence 0 and no parts. */
  read(requests: readonly EntityRead[]): Promise<readonly EntityState[]>
  /** Every entity of a tenant that has state, in key order. */
  scan(tenant: string): AsyncIterable<{ readonly entity: EntityRef; readonly state: EntityState }>
  /** Removes all state, marks and cached values of a tenant's entities; documents stay. */
  clearState(tenant: string): Promise<void>

  /** Versioned documents (an item's catalogue entry): whole values under compare-and-set. Resolves when durable. */
  readDocuments(entities: readonly EntityRef[]): Promise<readonly (Document | undefined)[]>
  writeDocuments(writes: readonly DocumentWrite[]): Promise<readonly DocumentOutcome[]>
  /** Removes all documents of a tenant's entities; the next version of each is 1. State stays. Resolves when durable. */
  clearDocuments(tenant: string): Promise<void>

  readCached(keys: readonly CacheKey[]): Promise<readonly (Uint8Array | undefined)[]>
  /** Lost at any time; `ttlMs` is required. Never makes a caller wait for durability. */
  writeCached(key: CacheKey, value: Uint8Array, ttlMs: number): Promise<void>
  /** Resolves when the store answers; rejects with StoreUnavailableError. */
  ping(): Promise<void>
  /** What this handle knows without asking anybody, for metrics. Never throws. */
  stats(): OnlineStoreStats
}
