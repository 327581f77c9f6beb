import {
  redisCommand,
  startRedis,
  startRedisCluster,
  startTlsProxy,
  type Redis,
  type RedisCluster,
} from '@rapport/infra'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeOnlineStore } from '../../port-suite.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore, type RedisOnlineStore, type RedisOnlineStoreOptions } from './index.ts'
import { redisRights } from './rights.ts'
import { storeHarness } from './store-harness.fixture.ts'

let redis: Redis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis[Symbol.asyncDispose]())

const secret = 'not-for-the-log'

const connect = (url: string, options: Partial<RedisOnlineStoreOptions> = {}): Promise<RedisOnlineStore> =>
  connectRedisOnlineStore({ url, log: silent, ...options })

async function refusal(url: string, options: Partial<RedisOnlineStoreOptions> = {}): Promise<Error> {
  const error: unknown = await connect(url, options).then(
    (store) => store[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('it was not refused')
  expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain(secret)
  return error
}

describe('a user with the least rights', () => {
  beforeAll(async () => {
    const rules = ['on', `>${secret}`, ...redisRights.always.split(' ')]
    await redisCommand(redis.port, 'ACL', 'SETUSER', 'rapport', ...rules)
  })
  describeOnlineStore(
    'redis under an ACL',
    storeHarness(() => redis.url.replace('//', `//rapport:${secret}@`)),
  )

  it('needs one more with a database in the URL', async () => {
    const url = `${redis.url.replace('//', `//rapport:${secret}@`)}/1`
    // Not with database 0, which the client would go on with.
    expect((await refusal(url)).message).toContain('the ACL of the user does not allow it')
    await redisCommand(redis.port, 'ACL', 'SETUSER', 'rapport', redisRights.database)
    await using store = await connect(url)
    await store.ping()
  })
})

describe('a user with the least rights on a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: true })
    const rules = ['on', `>${secret}`, ...redisRights.always.split(' '), ...redisRights.cluster.split(' ')]
    for (const port of [...cluster.ports, ...cluster.replicas.map((replica) => replica.port)])
      await redisCommand(port, 'ACL', 'SETUSER', 'rapport', ...rules)
  }, 60_000)
  afterAll(() => cluster[Symbol.asyncDispose]())
  const urlOf = (): string => (cluster.urls[0] ?? '').replace('//', `//rapport:${secret}@`)

  describeOnlineStore('redis cluster under an ACL', storeHarness(urlOf))

  it('needs one more to wait for replicas', async () => {
    await using store = await connect(urlOf(), { minReplicas: 1 })
    const write = (): Promise<unknown> =>
      store.writeDocuments([{ entity: { tenant: 'acl', kind: 'item', id: 'waited' }, value: null }])
    await expect(write()).rejects.toThrow('the ACL of the user does not allow it')
    for (const port of [...cluster.ports, ...cluster.replicas.map((replica) => replica.port)])
      await redisCommand(port, 'ACL', 'SETUSER', 'rapport', redisRights.replicas)
    await write()
  })

  it('follows a failover', { timeout: 60_000 }, async () => {
    await using store = await connect(urlOf())
    const { session } = store
    const [replica] = cluster.replicas
    expect(await redisCommand(replica?.port ?? 0, 'CLUSTER', 'FAILOVER')).toBe('OK')
    await vi.waitFor(() => expect(store.session).not.toBe(session), { timeout: 20_000 })
    const entities = Array.from({ length: 60 }, (_, number) => ({ tenant: 'acl', kind: 'item', id: `${number}` }))
    await vi.waitFor(() => store.writeDocuments(entities.map((entity) => ({ entity, value: null }))), {
      timeout: 20_000,
    })
    // Who may not write, or only to the nodes of before, would have failed.
    expect((await store.readDocuments(entities)).filter((document) => document === undefined)).toEqual([])
  })
})

it('names what is wrong with the user, never the password', async () => {
  await redisCommand(redis.port, 'ACL', 'SETUSER', 'idle', 'on', `>${secret}`, '~rpt:{*', '-@all')
  const wrong = await refusal(redis.url.replace('//', `//idle:${secret}-wrong@`))
  expect(wrong).toMatchObject({ code: 'RPT_ONLINE_STORE_CONFIGURATION', canRetry: false })
  expect(wrong.message).toContain('it refused the user or password')
  const powerless = await refusal(redis.url.replace('//', `//idle:${secret}@`))
  expect(powerless).toMatchObject({ code: 'RPT_ONLINE_STORE_CONFIGURATION', canRetry: false })
  expect(powerless.message).toContain('the ACL of the user does not allow it')
})

it('speaks TLS with a server whose certificate it trusts, and with no other', async () => {
  await using proxy = await startTlsProxy()
  await using other = await startTlsProxy()
  proxy.forwardTo(redis.port)
  const url = `rediss://localhost:${proxy.port}`
  await using store = await connect(url, { tls: { ca: proxy.ca } })
  await store.ping()
  expect((await refusal(url, { tls: { ca: other.ca } })).message).toMatch(/certificate/i)
  expect((await refusal(url)).message).toMatch(/certificate/i)
  expect(await refusal(redis.url, { tls: { ca: proxy.ca } })).toMatchObject({
    code: 'RPT_ONLINE_STORE_INPUT',
    field: 'tls',
  })
})

it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])('refuses a server that evicts state (%s)', async (policy) => {
  await using evicting = await startRedis({ config: [`maxmemory-policy ${policy}`] })
  const error = await refusal(evicting.url)
  expect(error).toMatchObject({ code: 'RPT_ONLINE_STORE_CONFIGURATION', canRetry: false })
  expect(error.message).toContain(policy)
})

it('refuses a cluster of which one node evicts state', async () => {
  await using cluster = await startRedisCluster()
  await redisCommand(cluster.ports[2] ?? 0, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  const error = await refusal(cluster.urls[0] ?? '')
  expect(error).toMatchObject({ code: 'RPT_ONLINE_STORE_CONFIGURATION' })
  expect(error.message).toContain(`${cluster.ports[2]}`)
})
