import { operatorTenant } from '@rapport/contracts'
import { redisCommand, startRedisReplica, type Redis } from '@rapport/infra'
import { connectDrivers, createLogger, readConfig, StoresSchema, type Drivers } from '@rapport/service-kit'
import { afterEach, expect, it, vi } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'
import { startRelay, type Relay } from './harness/relay.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

const soon = { timeout: 20_000, interval: 100 }

/** The version of an item as its document in a Redis has it. */
async function documentVersion({ onlineStore }: Drivers, id: string): Promise<number | undefined> {
  const [document] = await onlineStore.readDocuments([{ tenant: operatorTenant, kind: 'item', id }])
  return (document?.value as { version: number } | undefined)?.version
}

async function connectAt({ stores }: Installation, port: number): Promise<Drivers> {
  const variables = { RAPPORT_REDIS_URL: `redis://127.0.0.1:${port}`, RAPPORT_S3_CONDITIONAL_PUTS: 'native' }
  const config = readConfig(StoresSchema, { ...stores, ...variables })
  return owned.use(await connectDrivers(config, createLogger('check', { level: 'silent' })))
}

/** The titles of items as recommendations show them. */
async function recommended({ client }: Installation): Promise<Record<string, string | undefined>> {
  const { items } = await client.recommend({ userId: 'nobody', count: 50 })
  return Object.fromEntries(items.map(({ id, properties }) => [id, properties?.title]))
}

/** Refusals of the moment are tried again, as a client does that was told to. */
async function put({ client }: Installation, id: string, title: string): Promise<number> {
  return vi.waitFor(async () => (await client.putItem(id, { title })).version, soon)
}

it(
  'what is written to the catalogue after Redis was emptied, or went back to an older replica, is recommended',
  { timeout: 240_000 },
  async () => {
    const { promise: relay, resolve } = Promise.withResolvers<Relay>()
    const redisUrl = async ({ port }: Redis): Promise<string> => {
      resolve(owned.use(await startRelay(port)))
      return `redis://127.0.0.1:${(await relay).port}`
    }
    const installation = owned.use(await startInstallation({ redisUrl }))
    const { client, redis } = installation
    for (const version of [1, 2, 3]) expect(await put(installation, 'lamp', `lamp ${version}`)).toBe(version)
    expect(await put(installation, 'quiet', 'quiet 1')).toBe(1)

    // Emptied, while every connection stands.
    const before = await connectAt(installation, redis.port)
    expect(await redisCommand(redis.port, 'FLUSHALL')).toBe('OK')
    expect(await documentVersion(before, 'lamp')).toBeUndefined()
    expect(await put(installation, 'lamp', 'lamp after the loss')).toBe(4)
    await vi.waitFor(
      async () => expect(await recommended(installation)).toMatchObject({ lamp: 'lamp after the loss' }),
      soon,
    )
    expect(await client.getItem('quiet')).toMatchObject({ version: 1, title: 'quiet 1' })

    // A failover to a replica that has not heard of the newest versions.
    const replica = owned.use(await startRedisReplica(redis))
    const after = await connectAt(installation, replica.port)
    await vi.waitFor(async () => expect(await documentVersion(after, 'lamp')).toBe(4), soon)
    await redisCommand(replica.port, 'REPLICAOF', '127.0.0.1', '1')
    for (const version of [5, 6]) expect(await put(installation, 'lamp', `lamp ${version}`)).toBe(version)
    expect(await put(installation, 'quiet', 'quiet 2')).toBe(2)
    expect(await put(installation, 'new', 'new 1')).toBe(1)
    expect([await documentVersion(before, 'lamp'), await documentVersion(after, 'lamp')]).toEqual([6, 4])
    expect(await documentVersion(after, 'new')).toBeUndefined()
    await redis.server.kill()
    await redisCommand(replica.port, 'REPLICAOF', 'NO', 'ONE')
    ;(await relay).leadTo(replica.port)
    expect(await put(installation, 'lamp', 'lamp after the failover')).toBe(7)
    expect(await put(installation, 'new', 'new after the failover')).toBe(2)
    // Nobody has asked for this one.
    await vi.waitFor(async () => expect(await documentVersion(after, 'quiet')).toBe(2), soon)
    const shown = { lamp: 'lamp after the failover', new: 'new after the failover', quiet: 'quiet 2' }
    await vi.waitFor(async () => expect(await recommended(installation)).toMatchObject(shown), soon)
  },
)
