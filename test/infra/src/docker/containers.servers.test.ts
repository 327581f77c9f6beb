import { hostname } from 'node:os'
import { describe, expect, it, vi } from 'vitest'
import { askApiVersions } from '../kafka/api-versions.ts'
import { ServerProcess, ServerStartError, type ServerSpec } from '../process/server-process.ts'
import { serverFolder } from '../process/server-folder.ts'
import { expectToGoWithOwner } from '../process/server-owner.fixture.ts'
import { redisCommand } from '../redis/command.ts'
import { imageOn } from '../road.ts'
import { startServers } from '../servers.ts'
import { dockerRoad } from '../testing/roads.fixture.ts'
import { imageOf } from './engine.ts'
import { removeOrphans } from './owner.ts'

const road = await dockerRoad()

describe.runIf(road !== undefined)('servers in containers', () => {
  const engine = road?.engine
  const ours = 'rapport.infra.owner'

  async function containers(label: string): Promise<string[]> {
    const found = await engine?.container.dockerode.listContainers({ all: true, filters: { label: [label] } })
    return (found ?? []).map(({ Id }) => Id)
  }

  /** Of this process; the suites that run beside it have their own. */
  const mine = (): Promise<string[]> => containers(`${ours}=${hostname()} ${process.pid}`)

  it('answer on the loopback interface and are gone afterwards', { timeout: 120_000 }, async () => {
    const environment = { DOCKER_HOST: process.env['DOCKER_HOST'], RAPPORT_INFRA: 'docker' }
    {
      await using servers = await startServers(environment)
      const { variables } = servers
      expect(await mine()).toHaveLength(3)
      expect(await askApiVersions(variables['RAPPORT_KAFKA_BROKERS'] ?? '')).toMatchObject({ errorCode: 0 })
      const redis = new URL(variables['RAPPORT_REDIS_URL'] ?? '')
      expect(await redisCommand(Number(redis.port), 'PING')).toBe('PONG')
      const s3 = await fetch(`${variables['RAPPORT_S3_ENDPOINT']}/a-bucket-that-nobody-made`)
      expect(await s3.text()).toContain('<Code>NoSuchBucket</Code>')
      expect((await fetch(`${variables['RAPPORT_S3_ENDPOINT']}/rapport`)).status).toBe(403)
    }
    // The engine removes them when their processes have ended.
    await vi.waitFor(async () => expect(await mine()).toEqual([]), { timeout: 20_000 })
  })

  it('go, and their folders too, when their owner is killed', { timeout: 60_000 }, () =>
    expect(expectToGoWithOwner('docker')).resolves.toBeUndefined(),
  )

  it('are removed at the next start when nobody did before', { timeout: 60_000 }, async () => {
    if (engine === undefined) throw new Error('no engine')
    // Above the highest number that a system gives to a process.
    const owner = `${hostname()} ${2 ** 30}`
    await engine.container.dockerode.createContainer({ Image: imageOf.redis, Cmd: ['true'], Labels: { [ours]: owner } })
    expect(await containers(`${ours}=${owner}`)).toHaveLength(1)
    expect(await removeOrphans(engine)).toBeGreaterThan(0)
    expect(await containers(`${ours}=${owner}`)).toEqual([])
  })

  describe('a start that fails', () => {
    async function spec(script: string, overrides: Partial<ServerSpec> = {}): Promise<ServerSpec> {
      if (road === undefined) throw new Error('no engine')
      return {
        name: 'Test server',
        image: imageOn(road, 'redis'),
        command: 'sh',
        args: ['-c', script],
        folder: await serverFolder('test'),
        ownsFolder: true,
        isReady: () => false,
        startTimeoutMs: 1000,
        ...overrides,
      }
    }

    it('shows the log of a server that ended', async () => {
      const start = ServerProcess.start(await spec(`echo 'no such setting: colour' >&2; exit 1`))
      await expect(start).rejects.toThrow(/Test server ended while starting:\nno such setting: colour/)
    })

    it('says when a port is taken', async () => {
      const start = ServerProcess.start(await spec(`echo 'bind: Address already in use'; exit 1`))
      await expect(start).rejects.toSatisfy((error) => error instanceof ServerStartError && error.portTaken)
    })

    it('ends a server that is not ready in time', async () => {
      await expect(ServerProcess.start(await spec('sleep 600'))).rejects.toThrow('Test server was not ready within 1 s')
      await vi.waitFor(async () => expect(await mine()).toEqual([]), { timeout: 20_000 })
    })

    it('says so when the image is not there', async () => {
      if (engine === undefined) throw new Error('no engine')
      const image = { engine, name: 'rapport/nobody-built-it:1' }
      await expect(ServerProcess.start(await spec('true', { image }))).rejects.toThrow(
        'Test server could not be run in a container of rapport/nobody-built-it:1: sh',
      )
    })
  })
})
