import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { askApiVersions } from '../kafka/api-versions.ts'
import { redisCommand } from '../redis/command.ts'
import { startServers } from '../servers.ts'
import { connectEngine, missingImages } from './engine.ts'
import { removeOrphans } from './owner.ts'

const engine = await connectEngine(process.env)
const canRun = engine !== undefined && (await missingImages(engine, ['kafka', 'redis', 's3'])).length === 0

describe.runIf(canRun)('servers in containers', () => {
  const environment = { DOCKER_HOST: process.env['DOCKER_HOST'], RAPPORT_INFRA: 'docker' }

  async function containers(label: string): Promise<string[]> {
    const found = await engine?.container.dockerode.listContainers({ all: true, filters: { label: [label] } })
    return (found ?? []).map(({ Id }) => Id)
  }

  it('answer on the loopback interface and are gone afterwards', { timeout: 120_000 }, async () => {
    const ours = 'rapport.infra.owner'
    const before = await containers(ours)
    {
      await using servers = await startServers(environment)
      const { variables } = servers
      expect(await containers(ours)).toHaveLength(before.length + 3)
      expect(await askApiVersions(variables['RAPPORT_KAFKA_BROKERS'] ?? '')).toMatchObject({ errorCode: 0 })
      const redis = new URL(variables['RAPPORT_REDIS_URL'] ?? '')
      expect(await redisCommand(Number(redis.port), 'PING')).toBe('PONG')
      const s3 = await fetch(`${variables['RAPPORT_S3_ENDPOINT']}/a-bucket-that-nobody-made`)
      expect(await s3.text()).toContain('<Code>NoSuchBucket</Code>')
      expect((await fetch(`${variables['RAPPORT_S3_ENDPOINT']}/rapport`)).status).toBe(403)
      const bound = (await engine?.container.dockerode.listContainers({ filters: { label: [ours] } }))?.flatMap(
        ({ Ports }) => Ports.filter(({ PublicPort }) => PublicPort !== undefined).map(({ IP }) => IP),
      )
      expect(new Set(bound)).toEqual(new Set(['127.0.0.1']))
    }
    expect(await containers(ours)).toEqual(before)
  })

  it('are removed at the next start when their owner was killed', { timeout: 60_000 }, async () => {
    if (engine === undefined) throw new Error('no engine')
    // Above the highest number that a system gives to a process.
    const owner = `rapport.infra.owner=${hostname()} ${2 ** 30}`
    const [label = '', value = ''] = owner.split('=')
    await engine.container.dockerode.createContainer({ Image: 'rapport/redis:test', Labels: { [label]: value } })
    expect(await containers(owner)).toHaveLength(1)
    expect(await removeOrphans(engine)).toBe(1)
    expect(await containers(owner)).toEqual([])
  })
})
