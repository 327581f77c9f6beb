import type { Redis } from 'ioredis'
import { parseKey } from '../../keys.ts'
import type { EntityRef, EntityState } from '../../online-store.ts'
import type { CommandRunner } from './command-runner.ts'
import type { Connection } from './connection.ts'
import { tenantPattern } from './layout.ts'
import { readAll } from './read.ts'
import { toStoreError } from './server-errors.ts'

/** Keys that a server looks at in one step: a fraction of a millisecond. */
const KEYS_OF_STEP = 1000
/** Keys that a pass over all servers keeps in memory; a larger tenant takes several passes. */
const KEYS_OF_PASS = 1_000_000
const ENTITIES_OF_READ = 100

async function* keysOf(redis: Redis, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    try {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', KEYS_OF_STEP)
      cursor = next
      yield keys
    } catch (error) {
      throw toStoreError('be walked through', error)
    }
  } while (cursor !== '0')
}

/** The smallest keys after `after`, in order, each once: a server may give a key several times. */
async function nextKeys(
  connection: Connection,
  pattern: string,
  { after, limit }: { after: string; limit: number },
): Promise<readonly string[]> {
  let smallest: string[] = []
  let last: string | undefined
  const settle = (): void => {
    smallest = [...new Set(smallest)].sort().slice(0, limit)
    last = smallest.length === limit ? smallest.at(-1) : undefined
  }
  for (const master of connection.masters())
    for await (const keys of keysOf(master, pattern)) {
      for (const key of keys) if (key > after && (last === undefined || key < last)) smallest.push(key)
      if (smallest.length >= 2 * limit) settle()
    }
  settle()
  return smallest
}

export interface Scan {
  readonly connection: Connection
  readonly runner: CommandRunner
  readonly checkOpen: () => void
  readonly keysOfPass?: number
}

/**
 * Every entity of the tenant in key order. Keys are ASCII, so that code units order them as bytes do. What stands during
 * the whole scan is in it; a slot that moves between nodes meanwhile may be missed.
 */
export async function* scanTenant(
  { connection, runner, checkOpen, keysOfPass = KEYS_OF_PASS }: Scan,
  tenant: string,
): AsyncGenerator<{ readonly entity: EntityRef; readonly state: EntityState }> {
  const pattern = tenantPattern(tenant, 'states')
  let after = ''
  for (;;) {
    checkOpen()
    const keys = await nextKeys(connection, pattern, { after, limit: keysOfPass })
    for (let start = 0; start < keys.length; start += ENTITIES_OF_READ) {
      checkOpen()
      const entities = keys.slice(start, start + ENTITIES_OF_READ).map((key) => parseKey(key).entity)
      const states = await readAll(
        runner,
        entities.map((entity) => ({ entity, parts: 'all' })),
      )
      for (const [index, entity] of entities.entries()) {
        const state = states[index]
        if (state !== undefined && state.sequence > 0) yield { entity, state }
      }
    }
    const last = keys.at(-1)
    if (last === undefined || keys.length < keysOfPass) return
    after = last
  }
}

/** Removes those of a tenant's keys that `isChosen` names, some at a time and outside the server's main thread. */
export async function removeKeys(
  { connection, runner, checkOpen }: Scan,
  tenant: string,
  isChosen: (key: string) => boolean,
): Promise<void> {
  for (const master of connection.masters())
    for await (const keys of keysOf(master, tenantPattern(tenant, 'all'))) {
      checkOpen()
      const commands = keys.filter(isChosen).map((key) => ({ run: 'unlink', keys: [key] as const }))
      if (commands.length > 0) await runner.run('remove keys', commands, { durable: true })
    }
}
