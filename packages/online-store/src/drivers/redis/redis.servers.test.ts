import { startRedisCluster, type RedisCluster } from '@rapport/infra'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeOnlineStore } from '../../port-suite.ts'
import { storeHarness } from './store-harness.fixture.ts'

describeOnlineStore(
  'redis',
  storeHarness(() => process.env['RAPPORT_REDIS_URL'] ?? ''),
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
    storeHarness(() => cluster.urls[1] ?? ''),
  )
})
