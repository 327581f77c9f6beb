import type { Application, EntityRef, EntryOutcome } from '../../online-store.ts'
import { entityKey } from '../../keys.ts'
import { commit } from './commit.ts'
import { EntitySlot } from './entity-slot.ts'
import type { StateTables } from './environments.ts'
import { boundedKey } from './layout.ts'

const NEXT_ENTITY = 'next-entity'
const NEXT_SOURCE = 'next-source'
const ENTITY_NUMBER_BYTES = 6
const MAX_ENTRIES_OF_TRANSACTION = 4000

const readNumber = (tables: StateTables, key: string): number | undefined => tables.meta.getBinary(key)?.readDoubleLE(0)

function writeNumber(tables: StateTables, key: string, number: number): void {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleLE(number)
  tables.meta.putSync(key, bytes)
}

/** The number of a known entity. */
export function findEntity(tables: StateTables, key: string): number | undefined {
  return tables.names.getBinaryFast(boundedKey(key))?.readUIntBE(0, ENTITY_NUMBER_BYTES)
}

function createEntity(tables: StateTables, key: string): number {
  const number = readNumber(tables, NEXT_ENTITY) ?? 1
  writeNumber(tables, NEXT_ENTITY, number + 1)
  const bounded = boundedKey(key)
  const value = Buffer.alloc(ENTITY_NUMBER_BYTES + (bounded === key ? 0 : key.length))
  value.writeUIntBE(number, 0, ENTITY_NUMBER_BYTES)
  if (bounded !== key) value.write(key, ENTITY_NUMBER_BYTES, 'latin1')
  tables.names.putSync(bounded, value)
  return number
}

/** A small number for a topic and partition; it stays the same for ever. */
function sourceOf(tables: StateTables, topic: string, partition: number): number {
  const key = `source:${encodeURIComponent(topic.toWellFormed())}:${partition}`
  const known = readNumber(tables, boundedKey(key))
  if (known !== undefined) return known
  const number = readNumber(tables, NEXT_SOURCE) ?? 1
  writeNumber(tables, NEXT_SOURCE, number + 1)
  writeNumber(tables, boundedKey(key), number)
  return number
}

/** Runs inside a write transaction. Entities are written at the end, so that an exception before leaves nothing behind. */
function applyInTransaction(tables: StateTables, applications: readonly Application[]): EntryOutcome[][] {
  const slots = new Map<string, EntitySlot>()
  const sources = new Map<string, number>()
  const slotOf = (entity: EntityRef): EntitySlot => {
    const key = entityKey(entity)
    let slot = slots.get(key)
    if (slot === undefined) {
      slot = new EntitySlot(tables, findEntity(tables, key) ?? createEntity(tables, key))
      slots.set(key, slot)
    }
    return slot
  }
  const outcomes = applications.map((application) => {
    const sourceKey = `${application.partition}:${application.topic}`
    let source = sources.get(sourceKey)
    if (source === undefined) {
      source = sourceOf(tables, application.topic, application.partition)
      sources.set(sourceKey, source)
    }
    return slotOf(application.entity).apply(application, source)
  })
  for (const slot of slots.values()) slot.flush()
  return outcomes
}

/** Applications in groups of a bounded number of entries, in order. */
function* bounded(applications: readonly Application[]): Generator<readonly Application[]> {
  let start = 0
  let entries = 0
  for (const [index, application] of applications.entries()) {
    if (entries > 0 && entries + application.entries.length > MAX_ENTRIES_OF_TRANSACTION) {
      yield applications.slice(start, index)
      start = index
      entries = 0
    }
    entries += application.entries.length
  }
  if (start < applications.length) yield applications.slice(start)
}

/** Resolves when all is on disk. Transactions of several callers share a commit. */
export async function applyAll(tables: StateTables, applications: readonly Application[]): Promise<EntryOutcome[][]> {
  const groups = Array.from(bounded(applications), (group) =>
    commit(tables.env, () => applyInTransaction(tables, group)),
  )
  return (await Promise.all(groups)).flat()
}
