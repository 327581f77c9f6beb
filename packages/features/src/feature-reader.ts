import { IsoTimes } from '@rapport/core'
import type { JsonValue, OnlineStore } from '@rapport/online-store'
import { EntityReading } from './entity-reading.ts'
import { entities } from './layout.ts'
import type { Feature } from './feature-name.ts'
import type { TimedValue } from './feature-formula.ts'
import { partsOf, toFormulas } from './feature-values.ts'
import { readMembers, type Members } from './members.ts'

export interface FeatureEntity {
  readonly kind: 'user' | 'anonymous' | 'item'
  readonly id: string
}

/**
 * `present`: the value holds. `missing`: the entity is unknown, it has no such value, or it cannot be told any more for
 * the time asked for. `stale`: the newest event behind it is older than the caller accepts.
 */
export type FeatureStatus = 'present' | 'missing' | 'stale'

export interface FeatureValue {
  /** Null when missing. */
  readonly value: JsonValue
  readonly eventMs: number | undefined
  readonly status: FeatureStatus
}

export interface FeatureRead {
  readonly tenant: string
  readonly entities: readonly FeatureEntity[]
  readonly features: readonly Feature[]
  readonly asOfMs: number
  readonly maxAgeMs?: number
}

/** Feature values, `entities x features` in the request's order; users and anonymous ids over all linked ids. At most three store calls. */
export type FeatureReader = (read: FeatureRead) => Promise<readonly (readonly FeatureValue[])[]>

export function createFeatureReader(store: OnlineStore): FeatureReader {
  return async (read) => {
    const wanted = [...new Set(read.features.flatMap(partsOf))]
    const [visitors, items] = await Promise.all([readVisitors(store, read, wanted), readItems(store, read, wanted)])
    const formulas = toFormulas(read.features)
    const times = new IsoTimes()
    return read.entities.map((entity) => {
      const members = (entity.kind === 'item' ? items.next() : visitors.next()).value ?? []
      const reading = new EntityReading(members, read.asOfMs, times)
      if (!reading.isKnown) return formulas.map(() => missing)
      return formulas.map((formula) => toValue(formula(reading), read))
    })
  }
}

async function readVisitors(
  store: OnlineStore,
  { tenant, entities: refs }: FeatureRead,
  wanted: readonly string[],
): Promise<Iterator<Members, undefined>> {
  const visitors = refs
    .filter(({ kind }) => kind !== 'item')
    .map(({ kind, id }) => (kind === 'user' ? { tenant, userId: id } : { tenant, anonymousId: id }))
  return visitors.length === 0 ? [].values() : (await readMembers(store, visitors, wanted)).values()
}

async function readItems(
  store: OnlineStore,
  { tenant, entities: refs }: FeatureRead,
  wanted: readonly string[],
): Promise<Iterator<Members, undefined>> {
  const items = refs.filter(({ kind }) => kind === 'item').map(({ id }) => entities.item(tenant, id))
  if (items.length === 0) return [].values()
  const states = await store.read(items.map((entity) => ({ entity, parts: wanted })))
  return items
    .map((entity, index): Members => [{ entity, state: states[index] ?? { sequence: 0, parts: new Map() } }])
    .values()
}

const missing: FeatureValue = { value: null, eventMs: undefined, status: 'missing' }

function toValue({ value, eventMs }: TimedValue, { asOfMs, maxAgeMs }: FeatureRead): FeatureValue {
  if (value === undefined) return missing
  const stale = maxAgeMs !== undefined && (eventMs === undefined || eventMs < asOfMs - maxAgeMs)
  return { value, eventMs, status: stale ? 'stale' : 'present' }
}
