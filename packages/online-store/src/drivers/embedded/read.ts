import type { EntityRead, EntityRef, EntityState, PartValue } from '../../online-store.ts'
import { entityKey, parseKey, tenantKeyPrefix } from '../../keys.ts'
import { findEntity } from './entity-slots.ts'
import { commit } from './commit.ts'
import { decodeCount } from './count-part.ts'
import { decodeParts, decodeRecord, sequenceOf, type PartCell } from './entity-record.ts'
import { asBuffer, tallyBuckets } from './entity-slot.ts'
import type { StateTables } from './environments.ts'
import { entityRange, externalPartKey, recordKey } from './layout.ts'
import { decodeRegisters } from './register-part.ts'
import { decodeTally } from './tally-part.ts'

const ENTITY_NUMBER_BYTES = 6
const SCAN_PAGE = 128
const CLEAR_PAGE = 256

function valueOfPart(tables: StateTables, entity: number, { name, op }: PartCell, bytes: Buffer): PartValue {
  if (op === 'count') return decodeCount(bytes)
  if (op !== 'tally') return decodeRegisters(op, bytes)
  return { op, fields: decodeTally(bytes, tallyBuckets(tables, entity, name)) }
}

function readNumbered(tables: StateTables, entity: number, parts: EntityRead['parts']): EntityState {
  // lmdb's own buffer, which its next read overwrites: all that stands in it is decoded first.
  const stored = tables.state.getBinaryFast(recordKey(entity))
  if (stored === undefined) return { sequence: 0, parts: new Map() }
  const bytes = asBuffer(stored)
  const sequence = sequenceOf(bytes)
  const cells = parts === 'all' ? decodeRecord(bytes).parts : decodeParts(bytes, parts)
  const values = new Map<string, PartValue>()
  const elsewhere: PartCell[] = []
  for (const cell of cells.values()) {
    const { name, op, bytes: own } = cell
    // A tally may have buckets that are read on the way.
    if (own === undefined || op === 'tally') elsewhere.push({ ...cell, bytes: own && Buffer.from(own) })
    else values.set(name, valueOfPart(tables, entity, cell, own))
  }
  for (const cell of elsewhere) {
    const own = cell.bytes ?? tables.state.getBinary(externalPartKey(entity, cell.name))
    if (own !== undefined) values.set(cell.name, valueOfPart(tables, entity, cell, asBuffer(own)))
  }
  return { sequence, parts: values }
}

/** Synchronous, so that all reads of a call see one snapshot. */
export function readEntity(tables: StateTables, { entity, parts }: EntityRead): EntityState {
  const number = findEntity(tables, entityKey(entity))
  return number === undefined ? { sequence: 0, parts: new Map() } : readNumbered(tables, number, parts)
}

interface NamedEntity {
  readonly name: string
  readonly entity: EntityRef
  readonly number: number
}

function page(tables: StateTables, tenant: string, after: string | undefined, limit: number): NamedEntity[] {
  const prefix = tenantKeyPrefix(tenant)
  const range = { start: after === undefined ? prefix : `${after}\u0001`, end: `${prefix}\u007f`, limit }
  return Array.from(tables.names.getRange(range), ({ key, value }) => {
    const fullKey = value.length > ENTITY_NUMBER_BYTES ? value.toString('latin1', ENTITY_NUMBER_BYTES) : key
    return { name: key, entity: parseKey(fullKey).entity, number: value.readUIntBE(0, ENTITY_NUMBER_BYTES) }
  })
}

/** Every entity of the tenant in key order; each is read whole in one snapshot. */
export async function* scanTenant(
  tables: StateTables,
  tenant: string,
  checkOpen: () => void,
): AsyncGenerator<{ readonly entity: EntityRef; readonly state: EntityState }> {
  let after: string | undefined
  for (;;) {
    checkOpen()
    tables.env.resetReadTxn()
    const entities = page(tables, tenant, after, SCAN_PAGE)
    for (const { entity, number } of entities) {
      checkOpen()
      const state = readNumbered(tables, number, 'all')
      if (state.sequence > 0) yield { entity, state }
    }
    after = entities.at(-1)?.name
    if (after === undefined) return
  }
}

function clearPage(tables: StateTables, tenant: string): number {
  const entities = page(tables, tenant, undefined, CLEAR_PAGE)
  for (const { name, number } of entities) {
    for (const key of Array.from(tables.state.getKeys(entityRange(number)))) tables.state.removeSync(key)
    tables.names.removeSync(name)
  }
  return entities.length
}

/** Removes a tenant's state page by page, each in a transaction of its own. */
export async function clearTenant(tables: StateTables, tenant: string): Promise<void> {
  while ((await commit(tables.env, () => clearPage(tables, tenant))) > 0);
}
