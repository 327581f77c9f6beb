import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { redisCommand } from './redis/command.ts'

/** Request 18 of the protocol, version 0, with a correlation id and no client id: which requests do you know? */
const apiVersionsRequest = Buffer.from('0000000a0012000000000007ffff', 'hex')

async function askKafka(broker: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const [host, port] = broker.split(':')
  const socket = connect({ host: host ?? '', port: Number(port) }, () => socket.write(apiVersionsRequest))
  socket.once('data', resolve).once('error', reject)
  return promise.finally(() => socket.destroy())
}

describe('the servers under the tests', () => {
  it('answer as Kafka', async () => {
    const brokers = process.env['RAPPORT_KAFKA_BROKERS'] ?? ''
    const answer = await askKafka(brokers.split(',')[0] ?? '')
    const [correlationId, errorCode, apis] = [answer.readInt32BE(4), answer.readInt16BE(8), answer.readInt32BE(10)]
    expect({ correlationId, errorCode }).toEqual({ correlationId: 7, errorCode: 0 })
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
