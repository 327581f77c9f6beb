import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { redisCommand } from '@rapport/infra'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startInstallation, type Installation } from './harness/installation.ts'
import { Load } from './harness/load.ts'
import { cli, ServiceProcess } from './harness/service-process.ts'

const run = promisify(execFile)
const owned = new AsyncDisposableStack()
let installation: Installation
/** The longest that a revoked key may serve. */
const minute = { timeout: 60_000, interval: 200 }

beforeAll(async () => {
  installation = owned.use(await startInstallation())
  await vi.waitFor(() => installation.client.putItem('lamp', { title: 'Lamp' }), minute)
}, 180_000)
afterAll(() => owned.disposeAsync(), 60_000)

async function rapport(key: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, RAPPORT_URL: installation.url, RAPPORT_KEY: key }
  return (await run(process.execPath, [cli, ...args], { env })).stdout.trim()
}

/** Straight to the service, which checks keys: whom a gateway holds for ready is not what is asked here. */
const callWith = (key: string) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ userId: 'ada' })
  const [recommendation] = installation.processes.recommendation
  return { url: `${recommendation?.url}/v1/recommendations`, init: { method: 'POST', headers, body } }
}
const statusWith = async (key: string): Promise<number> => {
  const { url, init } = callWith(key)
  const answer = await fetch(url, init)
  await answer.body?.cancel()
  return answer.status
}

it('a key is replaced by another while calls go on, and none of them fails', { timeout: 180_000 }, async () => {
  const { key: admin } = installation
  const old = await rapport(admin, 'keys', 'create', 'shop-1', '--scope', 'recommend', 'events:write')
  let used = old
  const load = new Load({ perSecond: 20, next: () => callWith(used) })
  await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(50), minute)
  const next = await rapport(admin, 'keys', 'create', 'shop-2', '--scope', 'recommend', 'events:write')
  used = next
  const changedAt = load.answers.length
  await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(changedAt + 100), minute)
  const id = /^(key_\S+)\s+shop-1\b/m.exec(await rapport(admin, 'keys', 'list'))?.[1]
  expect(await rapport(admin, 'keys', 'revoke', String(id))).toContain('is revoked')
  await vi.waitFor(async () => expect(await statusWith(old)).toBe(401), minute)
  const answers = await load.stop()
  expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  expect(answers.length).toBeGreaterThan(150)
})

it('while control is away keys are known, events and recommendations go on, and what it owns is answered 503', async () => {
  const [control] = installation.processes.control
  const key = await rapport(installation.key, 'keys', 'create', 'shop-3', '--scope', 'recommend', 'events:write')
  await vi.waitFor(async () => expect(await statusWith(key)).toBe(200), minute)
  await control?.kill()
  const keysAnswer = (): Promise<Response> =>
    fetch(`${installation.url}/v1/keys`, { headers: { authorization: `Bearer ${installation.key}` } })
  await vi.waitFor(async () => expect((await keysAnswer()).status).toBe(503), minute)
  expect(await statusWith(key)).toBe(200)
  await installation.client.importEvents([{ type: 'track', userId: 'ada', event: 'Product Viewed' }])
  await control?.start()
  await vi.waitFor(async () => expect((await keysAnswer()).status).toBe(200), minute)
}, 120_000)

it('while Kafka is away recommendations are answered, and events are refused', async () => {
  const { kafka, key, client } = installation
  const [broker] = kafka.servers
  await broker?.kill()
  expect(broker?.running).toBe(false)
  const event = { type: 'track' as const, userId: 'ada', event: 'Product Viewed' }
  await expect(client.importEvents([event])).rejects.toMatchObject({ status: 503 })
  expect(await statusWith(key)).toBe(200)
  await broker?.start()
  await vi.waitFor(() => client.importEvents([event]), minute)
}, 180_000)

it('while Redis is away features are answered 503', async () => {
  const { redis, key, url } = installation
  const read = async (): Promise<number> => {
    const answer = await fetch(`${url}/v1/users/ada`, { headers: { authorization: `Bearer ${key}` } })
    await answer.body?.cancel()
    return answer.status
  }
  await vi.waitFor(async () => expect(await read()).toBe(200), minute)
  await redis.server.kill()
  expect(await read()).toBe(503)
  await redis.server.start()
  await vi.waitFor(async () => expect(await read()).toBe(200), minute)
}, 120_000)

it('a password of Redis is replaced while processes of the old one serve', { timeout: 180_000 }, async () => {
  const { redis, stores, key, url } = installation
  const setUser = (...rules: readonly string[]): Promise<unknown> =>
    redisCommand(redis.port, 'ACL', 'SETUSER', 'rapport', 'on', '~rpt:{*', '+@all', ...rules)
  const login = (password: string) => ({ RAPPORT_REDIS_URL: `redis://rapport:${password}@127.0.0.1:${redis.port}` })
  const start = async (password: string): Promise<ServiceProcess> =>
    owned.use(await ServiceProcess.start('feature', ['serve', 'feature'], { ...stores, ...login(password) }))
  const read = async (feature: ServiceProcess): Promise<number> => {
    const answer = await fetch(`${feature.url}/v1/users/ada`, { headers: { authorization: `Bearer ${key}` } })
    await answer.body?.cancel()
    return answer.status
  }
  await vi.waitFor(
    async () =>
      expect((await fetch(`${url}/v1/users/ada`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200),
    minute,
  )
  await setUser('>old')
  const before = await start('old')
  expect(await read(before)).toBe(200)
  // Both are valid until every process has been restarted.
  await setUser('>new')
  const after = await start('new')
  expect([await read(before), await read(after)]).toEqual([200, 200])
  expect(await before.stop()).toBe(0)
  await setUser('<old')
  expect(await read(after)).toBe(200)
  await expect(start('old')).rejects.toThrow(/ended while it started/)
})

it(
  'the key of the installation is replaced, revoked, and stays so when control starts with it',
  { timeout: 120_000 },
  async () => {
    const { key: first, processes } = installation
    const second = await rapport(first, 'keys', 'create', 'operator', '--scope', 'keys:admin', 'ops:admin')
    await vi.waitFor(() => rapport(second, 'keys', 'list'), minute)
    const ids = (await rapport(second, 'keys', 'list')).matchAll(/^(key_\S+)\s+(.*)$/gm)
    const own = [...ids].find(([, , rest]) => !/shop-|operator/.test(rest ?? ''))?.[1]
    await rapport(second, 'keys', 'revoke', String(own))
    await vi.waitFor(async () => expect(await statusWith(first)).toBe(401), minute)
    const [control] = processes.control
    expect(await control?.stop()).toBe(0)
    await control?.start()
    expect(control?.log).toContain('has been revoked and stays so')
    expect(await statusWith(first)).toBe(401)
    await expect(rapport(second, 'keys', 'list')).resolves.toContain('operator')
  },
)
