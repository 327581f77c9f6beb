import { expect, it } from 'vitest'
import { readEndpoints } from './endpoints.ts'
import { startServers } from './servers.ts'

const named = {
  RAPPORT_KAFKA_BROKERS: 'kafka.example:9092',
  RAPPORT_REDIS_URL: 'redis://redis.example:6379',
  RAPPORT_S3_ENDPOINT: 'https://s3.example',
  RAPPORT_S3_REGION: 'eu-central-1',
  RAPPORT_S3_ACCESS_KEY_ID: 'key',
  RAPPORT_S3_SECRET_ACCESS_KEY: 'secret',
}

it('servers that the environment names are used as they are', async () => {
  await using servers = await startServers({ ...named, HOME: '/home/somebody' })
  expect(servers.variables).toEqual(named)
})

it('each server is named for itself; an empty variable names nothing', () => {
  expect(readEndpoints({ RAPPORT_REDIS_URL: named.RAPPORT_REDIS_URL, RAPPORT_KAFKA_BROKERS: '' })).toEqual({
    redis: { RAPPORT_REDIS_URL: named.RAPPORT_REDIS_URL },
  })
  expect(readEndpoints({})).toEqual({})
})

it('S3 has a region by default and no default keys', () => {
  const { RAPPORT_S3_REGION: _, ...withoutRegion } = named
  expect(readEndpoints(withoutRegion).s3?.RAPPORT_S3_REGION).toBe('us-east-1')
  expect(() => readEndpoints({ RAPPORT_S3_ENDPOINT: 'https://s3.example' })).toThrow('RAPPORT_S3_ACCESS_KEY_ID')
})
