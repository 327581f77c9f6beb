import type { Application, EntityRef, EntryOutcome } from '../../online-store.ts'
import { entityKey } from '../../keys.ts'
import { EntitySlot } from './entity-slot.ts'
import type { StateTables } from './environments.ts'
import { boundedKey } from './layout.ts'

const NEXT_ENTITY = 'next-entity'
const NEXT_SOURCE = 'next-source'
const ENTITY_NUMBER_BYTES = 6

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

/**
 * The entities of one write transaction: each is loaded once, however many calls change it, and written by `flush`. After
 * an exception the transaction has to be given up: a part of what they have to write may stand in it.
 */
export class EntitySlots {
  readonly #tables: StateTables
  readonly #slots = new Map<string, EntitySlot>()
  readonly #sources = new Map<string, number>()

  constructor(tables: StateTables) {
    this.#tables = tables
  }

  apply(applications: readonly Application[]): EntryOutcome[][] {
    return applications.map((application) =>
      this.#slotOf(application.entity).apply(application, this.#sourceOf(application)),
    )
  }

  flush(): void {
    for (const slot of this.#slots.values()) slot.flush()
  }

  #slotOf(entity: EntityRef): EntitySlot {
    const key = entityKey(entity)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = new EntitySlot(this.#tables, findEntity(this.#tables, key) ?? createEntity(this.#tables, key))
      this.#slots.set(key, slot)
    }
    return slot
  }

  #sourceOf({ topic, partition }: Application): number {
    const key = `${partition}:${topic}`
    let source = this.#sources.get(key)
    if (source === undefined) {
      source = sourceOf(this.#tables, topic, partition)
      this.#sources.set(key, source)
    }
    return source
  }
}
