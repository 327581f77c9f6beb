import { join } from 'node:path'
import { redisCommand, startS3, type S3 } from '@rapport/infra'
import { deleteGroup } from '@rapport/messaging/delete-group'
import { connectDrivers, createLogger, readConfig, StoresSchema, type Drivers } from '@rapport/service-kit'
import { afterEach, expect, it, vi } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Producers } from './harness/producers.ts'
import { startRelay, type Relay } from './harness/relay.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'
import { readFeatures } from './shapes/read-features.ts'
import { readStateFields } from './shapes/snapshot.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

/** The stores of an installation with another object store. */
function connectAt({ stores }: Installation, { endpoint }: S3): Promise<Drivers> {
  const variables = { RAPPORT_S3_ENDPOINT: endpoint, RAPPORT_S3_CONDITIONAL_PUTS: 'native' }
  return connectDrivers(
    readConfig(StoresSchema, { ...stores, ...variables }),
    createLogger('copy', { level: 'silent' }),
  )
}

/** Every object with its bytes, as any program copies a bucket; resolves with their number. */
async function copyBucket(installation: Installation, to: S3): Promise<number> {
  await using source = await connectAt(installation, installation.s3)
  await using target = await connectAt(installation, to)
  let copied = 0
  for await (const { key } of source.objectStore.list('')) {
    const found = await source.objectStore.get(key)
    if (found === undefined) continue
    await target.objectStore.put(key, found.body)
    copied += 1
  }
  return copied
}

async function rebuild({ client }: Installation): Promise<void> {
  const { id } = await client.state.rebuild()
  await vi.waitFor(async () => expect(await client.state.getRebuild(id)).toMatchObject({ state: 'done' }), {
    timeout: 120_000,
    interval: 200,
  })
}

it(
  'the bucket and all of Redis lost: from a copy of the bucket and the log everything is there again, equal field by field',
  { timeout: 420_000 },
  async () => {
    let relay: Relay | undefined
    const installation = owned.use(
      await startInstallation({
        env: { RAPPORT_S3_CONDITIONAL_PUTS: 'native' },
        s3Proxy: async (endpoint) => {
          relay = owned.use(await startRelay(Number(new URL(endpoint).port)))
          return { endpoint: `http://127.0.0.1:${relay.port}`, [Symbol.asyncDispose]: () => Promise.resolve() }
        },
      }),
    )
    const { url, key, client, redis, s3, kafka } = installation
    const folder = owned.use(await temporaryFolder())
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const send = async (firstSource: number): Promise<void> => {
      const load = { url, key, ledger, sources: 1, batchEvents: 20, eventsPerSecond: 400, users: 50 }
      const producers = new Producers({ ...load, firstSource })
      await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(50), { timeout: 60_000 })
      await producers.stop()
      await installation.caughtUp()
    }
    await vi.waitFor(() => client.putItem('item-1', { title: 'Lamp' }), { timeout: 30_000 })
    const { key: shopKey } = await client.keys.create({ name: 'shop', scopes: ['events:write', 'recommend'] })
    await send(0)

    // The backup; what comes after it is not in it.
    await client.state.flushArchive()
    const copy = owned.use(await startS3())
    expect(await copyBucket(installation, copy)).toBeGreaterThan(2)
    await send(1)
    const live = await readStateFields(installation)
    const features = await readFeatures(client, live)
    expect(live.size).toBeGreaterThan(500)

    // The loss.
    const processes = Object.values(installation.processes).flat()
    await Promise.all(processes.map((process) => process.kill()))
    await s3.server.kill()
    expect(await redisCommand(redis.port, 'FLUSHALL')).toBe('OK')

    // The restore.
    await vi.waitFor(() => deleteGroup(kafka.brokers, 'rapport.archive'), { timeout: 60_000, interval: 1000 })
    relay?.leadTo(Number(new URL(copy.endpoint).port))
    for (const process of processes) await process.start()
    await vi.waitFor(() => rebuild(installation), { timeout: 180_000, interval: 1000 })
    expect(s3.server.running).toBe(false)
    expect(await readStateFields(installation)).toEqual(live)
    expect(await readFeatures(client, live)).toEqual(features)
    expect(await client.getItem('item-1')).toMatchObject({ title: 'Lamp' })
    const headers = { authorization: `Bearer ${shopKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ userId: 'user-1' })
    expect((await fetch(`${url}/v1/recommendations`, { method: 'POST', headers, body })).status).toBe(200)
  },
)
