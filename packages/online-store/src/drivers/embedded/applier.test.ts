import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Application, EntityRef, PartValue } from '../../online-store.ts'
import { entityKey } from '../../keys.ts'
import { Applier } from './applier.ts'
import { findEntity } from './entity-slots.ts'
import { openStateTables, type StateTables } from './environments.ts'
import { recordKey } from './layout.ts'
import { readEntity } from './read.ts'
import { makeFolder, removeFolder } from './temporary-folder.fixture.ts'

const FIELDS = 400
const CALLS = 3
const BASE_MS = 1_700_000_000_000
const trend: EntityRef = { tenant: 'test', kind: 'trend-hour', id: String(BASE_MS) }
const userOf = (call: number): EntityRef => ({ tenant: 'test', kind: 'user', id: `user-${call}` })

let directory: string
let tables: StateTables
let applier: Applier
beforeEach(async () => {
  directory = await makeFolder()
  tables = openStateTables(directory)
  applier = new Applier(tables)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await tables.env.close()
  await removeFolder(directory)
})

/** Each call, of a partition of its own, adds one to every field of a tally that all of them share, and to its user. */
function callOf(call: number, offset: number): Application[] {
  const tallies = Array.from(
    { length: FIELDS },
    (_, field) => ({ op: 'tally', part: 'tally/all', field: `field-${field}`, amount: 1 }) as const,
  )
  const count = { op: 'count', part: 'count/all', atMs: BASE_MS, amount: 1 } as const
  const entry = { offset, messageId: `${call}-${offset}`, receivedAtMs: BASE_MS }
  const place = { topic: 'events', partition: call }
  return [
    { ...place, entity: trend, entries: [{ ...entry, changes: tallies }] },
    { ...place, entity: userOf(call), entries: [{ ...entry, changes: [count] }], dedupWindowMs: 3_600_000 },
  ]
}

const applyRound = (offset: number) =>
  Promise.allSettled(Array.from({ length: CALLS }, (_, call) => applier.apply(callOf(call, offset))))

function partOf(entity: EntityRef, part: string): PartValue | undefined {
  tables.env.resetReadTxn()
  return readEntity(tables, { entity, parts: [part] }).parts.get(part)
}

/** What stands in the fields of the shared tally, each amount once. */
function trendAmounts(): number[] {
  const part = partOf(trend, 'tally/all')
  const fields = part?.op === 'tally' ? part.fields : new Map<string, number>()
  expect(fields.size).toBe(FIELDS)
  return [...new Set(fields.values())]
}

function userTotal(call: number): number {
  const part = partOf(userOf(call), 'count/all')
  return part?.op === 'count' ? part.total : 0
}

/** Makes the writes of state fail for which `isFaulty`, given the count of writes before, is true. */
function failWrites(isFaulty: (key: Buffer, before: number) => boolean): { writes: number; failures: number } {
  const seen = { writes: 0, failures: 0 }
  const put = tables.state.putSync.bind(tables.state)
  vi.spyOn(tables.state, 'putSync').mockImplementation((key, value) => {
    if (isFaulty(key, seen.writes++)) {
      seen.failures++
      throw new RangeError('this write fails')
    }
    return put(key, value)
  })
  return seen
}

const applied = { status: 'fulfilled', value: [['applied'], ['applied']] }

it('applies each call once, whichever write of their common attempt fails', async () => {
  let rounds = 0
  let faulty = 0
  // until the writes of a round are fewer
  for (let hasFailed = true; hasFailed; faulty++) {
    const seen = failWrites((_, before) => before === faulty)
    expect(await applyRound(rounds++)).toEqual([applied, applied, applied])
    vi.restoreAllMocks()
    expect(trendAmounts()).toEqual([rounds * CALLS])
    expect([0, 1, 2].map(userTotal)).toEqual([rounds, rounds, rounds])
    hasFailed = seen.failures > 0
  }
  // buckets of the tally, and the records of the trend and the users
  expect(faulty).toBeGreaterThan(CALLS + 4)
})

it('leaves nothing of a call that fails in the middle, and applies it whole when it comes again', async () => {
  await applyRound(0)
  const faultyKey = Buffer.from(recordKey(findEntity(tables, entityKey(userOf(1))) ?? 0))
  failWrites((key) => faultyKey.equals(key))
  const [first, second, third] = await applyRound(1)
  expect([first, third]).toEqual([applied, applied])
  expect(second).toMatchObject({ status: 'rejected', reason: { message: 'this write fails' } })
  vi.restoreAllMocks()
  expect(trendAmounts()).toEqual([2 * CALLS - 1])
  expect([0, 1, 2].map(userTotal)).toEqual([2, 1, 2])

  expect(await applier.apply(callOf(1, 1))).toEqual([['applied'], ['applied']])
  expect(trendAmounts()).toEqual([2 * CALLS])
  expect([0, 1, 2].map(userTotal)).toEqual([2, 2, 2])
})
