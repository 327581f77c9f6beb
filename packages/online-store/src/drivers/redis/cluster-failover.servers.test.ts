import { redisCommand, startRedisCluster, type Redis, type RedisCluster } from '@rapport/infra'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Application, EntityRef, OnlineStore } from '../../online-store.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore } from './index.ts'

let owned: AsyncDisposableStack
let cluster: RedisCluster
let store: OnlineStore
beforeEach(async () => {
  owned = new AsyncDisposableStack()
  cluster = owned.use(await startRedisCluster({ replicas: true }))
  store = owned.use(await connectRedisOnlineStore({ url: cluster.urls[0] ?? '', log: silent }))
}, 60_000)
afterEach(() => owned.disposeAsync())

/** Enough that every node has some. */
const entities = Array.from({ length: 60 }, (_, number): EntityRef => {
  return { tenant: 'shop', kind: 'user', id: `user-${number}` }
})
const applicationOf = (entity: EntityRef, ...offsets: number[]): Application => ({
  entity,
  topic: 'events',
  partition: 0,
  entries: offsets.map((offset) => ({
    offset,
    messageId: `m${offset}`,
    receivedAtMs: offset,
    changes: [{ op: 'tally', part: 'tally/x', field: 'f', amount: 1 }],
  })),
})

/** How often the entity was applied to. */
async function sequenceOf(entity: EntityRef): Promise<number | undefined> {
  const [state] = await store.read([{ entity, parts: ['tally/x'] }])
  return state?.sequence
}

/** An entity whose slot the third node serves. */
async function entityOfThird(): Promise<EntityRef> {
  for (const entity of entities) {
    const key = `rpt:{${entity.tenant}:${entity.kind}:${entity.id}}:state`
    if (!(await redisCommand(cluster.ports[2] ?? 0, 'EXISTS', key)).startsWith('-MOVED')) return entity
  }
  throw new Error('the third node has none of the entities')
}

function third(): { readonly port: number; readonly replica: Redis } {
  const [port, replica] = [cluster.ports[2], cluster.replicas[2]]
  if (port === undefined || replica === undefined) throw new Error('there is no third node with a replica')
  return { port, replica }
}

const roleOf = async (port: number): Promise<string> =>
  /role:(\w+)/.exec(await redisCommand(port, 'INFO', 'replication'))?.[1] ?? ''

/** The replica takes the third node's slots, which stays, and whose connections stand. */
async function takeOver(): Promise<void> {
  const { port, replica } = third()
  expect(await redisCommand(replica.port, 'CLUSTER', 'FAILOVER', 'TAKEOVER')).toBe('OK')
  await vi.waitFor(async () => expect([await roleOf(replica.port), await roleOf(port)]).toEqual(['master', 'slave']), {
    timeout: 20_000,
    interval: 5,
  })
}

it('goes on when a master is killed and its replica takes over, in another session', { timeout: 60_000 }, async () => {
  await store.apply(entities.map((entity) => applicationOf(entity, 1)))
  const { port, replica } = third()
  expect(await redisCommand(port, 'WAIT', '1', '5000')).toBe('1')
  const { session } = store
  await cluster.servers[2]?.kill()
  await vi.waitFor(async () => expect(await roleOf(replica.port)).toBe('master'), { timeout: 20_000 })
  const again = entities.map((entity) => applicationOf(entity, 1, 2))
  await expect(store.apply(again, { session })).rejects.toMatchObject({ canRetry: true })
  const outcomes = await vi.waitFor(() => store.apply(again, { session: store.session }), { timeout: 20_000 })
  expect(store.session).not.toBe(session)
  // Some may have been applied by an attempt that another node's part has failed.
  for (const outcome of outcomes) expect(outcome[0]).toBe('redelivered')
  expect(await Promise.all(entities.map(sequenceOf))).toEqual(entities.map(() => 2))
})

it(
  'writes nothing to a new master in the session of the old one, also when no connection was lost',
  { timeout: 60_000 },
  async () => {
    await store.apply(entities.map((entity) => applicationOf(entity, 1)))
    const { port, replica } = third()
    const entity = await entityOfThird()
    // Cut off: its link ends, and it cannot make another, since it shows a password that the master does not have.
    await redisCommand(replica.port, 'CONFIG', 'SET', 'masterauth', 'wrong')
    await redisCommand(port, 'CLIENT', 'KILL', 'TYPE', 'replica')
    await vi.waitFor(async () =>
      expect(await redisCommand(replica.port, 'INFO', 'replication')).toContain('master_link_status:down'),
    )
    const { session } = store
    expect(await store.apply([applicationOf(entity, 2)], { session })).toEqual([['applied']])
    await takeOver()
    // An effect on top of the one that was lost would hide it for ever.
    await expect(store.apply([applicationOf(entity, 3)], { session })).rejects.toMatchObject({ canRetry: true })
    await vi.waitFor(() => expect(store.session).not.toBe(session), { timeout: 10_000 })
    expect(await sequenceOf(entity)).toBe(1)
    const rewound = [applicationOf(entity, 1, 2, 3)]
    const outcomes = await vi.waitFor(() => store.apply(rewound, { session: store.session }), { timeout: 10_000 })
    expect(outcomes).toEqual([['redelivered', 'applied', 'applied']])
  },
)

it('changes the session with a failover, not with every slot that it has moved', { timeout: 60_000 }, async () => {
  await store.apply(entities.map((entity) => applicationOf(entity, 1)))
  const { session } = store
  await takeOver()
  // Nothing is written; the consumer has to go back all the same.
  await vi.waitFor(() => expect(store.session).not.toBe(session), { timeout: 10_000 })
  const sessions = new Set<number>()
  for (const entity of entities) {
    await vi.waitFor(
      async () => {
        sessions.add(store.session)
        await store.apply([applicationOf(entity, 2)], { session: store.session })
      },
      { timeout: 10_000 },
    )
  }
  // One when the new master is seen, one when the old one is seen to be gone.
  expect(sessions.size).toBeLessThanOrEqual(2)
})

it('a slot on its way from one node to another, keys and all, does not end the session', async () => {
  await store.apply(entities.map((entity) => applicationOf(entity, 1)))
  const { session } = store
  const { port } = third()
  const [first = 0] = cluster.ports
  const entity = await entityOfThird()
  const key = `rpt:{${entity.tenant}:${entity.kind}:${entity.id}}:state`
  const slot = await redisCommand(port, 'CLUSTER', 'KEYSLOT', key)
  const [from, to] = await Promise.all([port, first].map((one) => redisCommand(one, 'CLUSTER', 'MYID')))
  await redisCommand(first, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from ?? '')
  await redisCommand(port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to ?? '')
  for (const moving of [key, key.replace(/state$/, 'tallies')])
    expect(await redisCommand(port, 'MIGRATE', '127.0.0.1', String(first), moving, '0', '5000')).toBe('OK')
  // Half here and half there, until it has arrived.
  await expect(store.apply([applicationOf(entity, 2)], { session })).rejects.toMatchObject({ canRetry: true })
  for (const one of [first, port]) await redisCommand(one, 'CLUSTER', 'SETSLOT', slot, 'NODE', to ?? '')
  expect(await redisCommand(port, 'EXISTS', key)).toContain('-MOVED')
  expect(await store.apply([applicationOf(entity, 2)], { session })).toEqual([['applied']])
  expect(await sequenceOf(entity)).toBe(2)
  expect(store.session).toBe(session)
})
