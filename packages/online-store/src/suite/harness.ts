import { randomUUID } from 'node:crypto'
import type { Application, Change, EntityRef, EntityState, Entry, OnlineStore } from '../online-store.ts'

/** A fresh store under test. Disposing of it closes every handle and removes what was stored. */
export interface OnlineStoreHarness extends AsyncDisposable {
  /** Opens one more handle on the same store, as another thread or process would. */
  connect(): Promise<OnlineStore>
  /** Moves the clock by which cached values expire. Absent: the suite lets real time pass. */
  readonly advanceMs?: (durationMs: number) => void
}

export type OpenHarness = () => Promise<OnlineStoreHarness>

export const BASE_MS = Date.UTC(2026, 0, 10, 12, 0, 0)
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** Servers are shared between tests: each test has a tenant of its own. */
export const newTenant = (): string => `test-${randomUUID()}`

export const userOf = (tenant: string, id = 'ada'): EntityRef => ({ tenant, kind: 'user', id })

export const usersOf = (tenant: string, count: number): EntityRef[] =>
  Array.from({ length: count }, (_, index) => userOf(tenant, `user-${index}`))

/** What is read of an entity that nobody has changed. */
export const unchanged: EntityState = { sequence: 0, parts: new Map() }

export function entry(offset: number, changes: readonly Change[], overrides: Partial<Entry> = {}): Entry {
  return { offset, messageId: `message-${offset}`, receivedAtMs: BASE_MS, changes, ...overrides }
}

export function application(
  entity: EntityRef,
  entries: readonly Entry[],
  overrides: Partial<Application> = {},
): Application {
  return { entity, topic: 'rapport.events.v1', partition: 0, entries, ...overrides }
}

export const tally = (field: string, amount = 1): Change => ({ op: 'tally', part: 'tally/test', field, amount })

/** The tally `tally/test` of an entity as a plain object. */
export async function readTally(store: OnlineStore, entity: EntityRef): Promise<Record<string, number>> {
  const [state] = await store.read([{ entity, parts: ['tally/test'] }])
  const part = state?.parts.get('tally/test')
  return part?.op === 'tally' ? Object.fromEntries(part.fields) : {}
}

export async function readSequence(store: OnlineStore, entity: EntityRef): Promise<number | undefined> {
  const [state] = await store.read([{ entity, parts: [] }])
  return state?.sequence
}
