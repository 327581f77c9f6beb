import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { CommandRunner } from './command-runner.ts'
import { connect, type Connection } from './connection.ts'
import { connectRedisOnlineStore, type RedisOnlineStore } from './index.ts'
import { readSettings } from './options.ts'
import { scanTenant } from './scan.ts'

const url = process.env['RAPPORT_REDIS_URL'] ?? ''
const settings = readSettings({ url, log: silent })
const entities = 30

let store: RedisOnlineStore
let connection: Connection
const tenant = `scan-${randomUUID()}`

beforeAll(async () => {
  store = await connectRedisOnlineStore({ url, log: silent })
  connection = await connect(settings, silent)
  const ids = Array.from({ length: entities }, (_, n) => `user ${(n * 7) % entities}`)
  await store.apply(
    ids.map((id, offset) => ({
      entity: { tenant, kind: 'user', id },
      topic: 'events',
      partition: 0,
      entries: [
        {
          offset,
          messageId: `m${offset}`,
          receivedAtMs: offset,
          changes: [{ op: 'tally', part: 'tally/views', field: id, amount: 1 }],
        },
      ],
    })),
  )
})
afterAll(async () => {
  await store.clearState(tenant)
  await connection[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

it.each([1, 7, 10, entities, entities + 1])(
  'walks through a tenant in passes of %i keys as in one, each entity once and in order',
  async (keysOfPass) => {
    let passes = 0
    const masters = (): ReturnType<Connection['masters']> => {
      passes += 1
      return connection.masters()
    }
    const counted: Connection = Object.assign(Object.create(connection) as Connection, { masters })
    const runner = new CommandRunner(connection, { ...settings, log: silent })
    const scan = { connection: counted, runner, checkOpen: () => undefined }
    const whole = await Array.fromAsync(store.scan(tenant))
    expect(whole).toHaveLength(entities)
    expect(await Array.fromAsync(scanTenant({ ...scan, keysOfPass }, tenant))).toEqual(whole)
    // A full pass may have been the last one: only the next tells.
    expect(passes).toBe(Math.floor(entities / keysOfPass) + 1)
  },
)
