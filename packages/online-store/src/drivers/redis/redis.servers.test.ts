import { startRedisCluster, type RedisCluster } from '@rapport/infra'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeOnlineStore, type OpenHarness } from '../../port-suite.ts'
import { silent } from '../embedded/temporary-folder.fixture.ts'
import { connectRedisOnlineStore, type RedisOnlineStore } from './index.ts'

const harnessOn =
  (urlOf: () => string): OpenHarness =>
  async () => {
    const stores: RedisOnlineStore[] = []
    return {
      connect: async () => {
        const store = await connectRedisOnlineStore({ url: urlOf(), log: silent })
        stores.push(store)
        return store
      },
      [Symbol.asyncDispose]: async () => {
        for (const store of stores) await store[Symbol.asyncDispose]()
      },
    }
  }

describeOnlineStore(
  'redis',
  harnessOn(() => process.env['RAPPORT_REDIS_URL'] ?? ''),
)

describe('on a cluster of three nodes', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]()
  })
  // Any of its nodes leads to the others.
  describeOnlineStore(
    'redis cluster',
    harnessOn(() => cluster.urls[1] ?? ''),
  )
})
