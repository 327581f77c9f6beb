import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { askApiVersions } from './kafka/api-versions.ts'
import { startKafkaCluster } from './kafka/kafka.ts'
import { redisCommand } from './redis/command.ts'
import { startRedisCluster, startRedisReplica } from './redis/redis-cluster.ts'
import { startRedis } from './redis/redis.ts'
import { startS3 } from './s3/s3.ts'
import { roadsHere } from './testing/roads.fixture.ts'

describe.each(await roadsHere())('on the road $kind', (road) => {
  describe('a Kafka cluster of three brokers', () => {
    it('loses one by kill, holds one, and gets both back on their ports', { timeout: 120_000 }, async () => {
      await using cluster = await startKafkaCluster({ brokers: 3, road })
      const [first = '', second = '', third = ''] = cluster.brokers
      expect(new Set(cluster.brokers).size).toBe(3)

      await cluster.servers[1]?.kill()
      await expect(askApiVersions(second)).rejects.toThrow('ECONNREFUSED')
      expect(await askApiVersions(first)).toMatchObject({ errorCode: 0 })
      await cluster.servers[1]?.start()
      expect(await askApiVersions(second)).toMatchObject({ errorCode: 0 })

      await cluster.servers[2]?.pause()
      await expect(askApiVersions(third, { timeoutMs: 300 })).rejects.toThrow('did not answer')
      cluster.servers[2]?.resume()
      expect(await askApiVersions(third)).toMatchObject({ errorCode: 0 })
    })
  })

  describe('Redis', () => {
    it('keeps its data over a stop and takes further lines of configuration', async () => {
      await using redis = await startRedis({ road, config: ['maxmemory 64mb', 'maxmemory-policy noeviction'] })
      expect(await redisCommand(redis.port, 'SET', 'a', '1')).toBe('OK')
      await redis.server.stop()
      await expect(redisCommand(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED')
      await redis.server.start()
      expect(await redisCommand(redis.port, 'GET', 'a')).toBe('1')
      expect(await redisCommand(redis.port, 'INFO', 'memory')).toContain('maxmemory_human:64.00M')
    })

    it('starts with a password', async () => {
      await using redis = await startRedis({ road, config: [`requirepass ${randomBytes(8).toString('hex')}`] })
      expect(await redisCommand(redis.port, 'PING')).toMatch(/^-NOAUTH/)
    })

    it('has a replica that follows and can take over', async () => {
      await using primary = await startRedis({ road })
      await redisCommand(primary.port, 'SET', 'a', 'before')
      await using replica = await startRedisReplica(primary, { road })
      expect(await redisCommand(replica.port, 'GET', 'a')).toBe('before')
      expect(await redisCommand(replica.port, 'SET', 'a', 'x')).toMatch(/^-READONLY/)
      await primary.server.kill()
      expect(await redisCommand(replica.port, 'REPLICAOF', 'NO', 'ONE')).toBe('OK')
      expect(await redisCommand(replica.port, 'SET', 'a', 'after')).toBe('OK')
    })

    it('forms a cluster in which every node knows whose a key is', async () => {
      await using cluster = await startRedisCluster({ road })
      const [first = 0, , third = 0] = cluster.ports
      // Slot 15495 of 16384.
      expect(await redisCommand(first, 'SET', 'a', '1')).toBe(`-MOVED 15495 127.0.0.1:${third}`)
      expect(await redisCommand(third, 'SET', 'a', '1')).toBe('OK')
    })

    it('forms a cluster of which a replica takes over when its node is killed', async () => {
      await using cluster = await startRedisCluster({ road, replicas: true })
      const [, , third] = cluster.servers
      const [, , replica] = cluster.replicas
      if (third === undefined || replica === undefined) throw new Error('a node is missing')
      const nodeOfA = cluster.ports[2] ?? 0
      expect(await redisCommand(nodeOfA, 'SET', 'a', '1')).toBe('OK')
      expect(await redisCommand(nodeOfA, 'WAIT', '1', '5000')).toBe('1')
      expect(await redisCommand(replica.port, 'SET', 'a', '2')).toBe(`-MOVED 15495 127.0.0.1:${nodeOfA}`)
      await third.kill()
      await vi.waitFor(async () => expect(await redisCommand(replica.port, 'GET', 'a')).toBe('1'), { timeout: 20_000 })
      expect(await redisCommand(replica.port, 'SET', 'a', '2')).toBe('OK')
    })
  })

  describe('S3', () => {
    it('has the bucket of an installation and comes back where it was', async () => {
      await using s3 = await startS3({ road })
      await s3.server.kill()
      await expect(fetch(s3.endpoint)).rejects.toThrow('fetch failed')
      await s3.server.start()
      expect((await fetch(`${s3.endpoint}/health`)).status).toBe(200)
      // Refused, because nobody signs it; a bucket that is not there is not found.
      expect((await fetch(`${s3.endpoint}/rapport`)).status).toBe(403)
      expect((await fetch(`${s3.endpoint}/another`)).status).toBe(404)
    })
  })
})
