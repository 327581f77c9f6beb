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

function valueOfPart(tables: StateTables, entity: number, cell: PartCell): PartValue | undefined {
  let { bytes } = cell
  if (bytes === undefined) {
    const stored = tables.state.getBinary(externalPartKey(entity, cell.name))
    if (stored === undefined) return undefined
    bytes = asBuffer(stored)
  }
  if (cell.op === 'count') return decodeCount(bytes)
  if (cell.op !== 'tally') return decodeRegisters(cell.op, bytes)
  return { op: 'tally', fields: decodeTally(bytes, tallyBuckets(tables, entity, cell.name)) }
}

function readNumbered(tables: StateTables, entity: number, parts: EntityRead['parts']): EntityState {
  const stored = tables.state.getBinary(recordKey(entity))
  if (stored === undefined) return { sequence: 0, parts: new Map() }
  const bytes = asBuffer(stored)
  const cells = parts === 'all' ? decodeRecord(bytes).parts : decodeParts(bytes, parts)
  const values = new Map<string, PartValue>()
  for (const name of parts === 'all' ? cells.keys() : parts) {
    const cell = cells.get(name)
    const value = cell === undefined ? undefined : valueOfPart(tables, entity, cell)
    if (value !== undefined) values.set(name, value)
  }
  return { sequence: sequenceOf(bytes), parts: values }
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
