import { describe, expect, it } from 'vitest'
import { askApiVersions } from './kafka/api-versions.ts'
import { redisCommand } from './redis/command.ts'

describe('the servers under the tests', () => {
  it('answer as Kafka', async () => {
    const brokers = process.env['RAPPORT_KAFKA_BROKERS'] ?? ''
    const { errorCode, apis } = await askApiVersions(brokers.split(',')[0] ?? '')
    expect(errorCode).toBe(0)
    expect(apis).toBeGreaterThan(40)
  })

  it('answer as Redis', async () => {
    const url = new URL(process.env['RAPPORT_REDIS_URL'] ?? '')
    expect(await redisCommand(Number(url.port), 'PING')).toBe('PONG')
  })

  it('answer as S3', async () => {
    const answer = await fetch(`${process.env['RAPPORT_S3_ENDPOINT']}/a-bucket-that-nobody-made`)
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('<Code>NoSuchBucket</Code>')
  })
})
