import { randomUUID } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import { startInstallation } from './harness/installation.ts'
import { Load } from './harness/load.ts'

const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'no request fails while every process of every service is restarted, one after another',
  { timeout: 240_000 },
  async () => {
    const processes = { ingestion: 2, feature: 2, recommendation: 2, control: 2 }
    const installation = owned.use(await startInstallation({ processes }))
    const { url, key } = installation
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const get = (path: string) => ({ url: `${url}${path}`, init: { headers } })
    const post = (path: string, body: object) => ({
      url: `${url}${path}`,
      init: { method: 'POST', headers, body: JSON.stringify(body) },
    })
    const requests: ((number: number) => { url: string; init: RequestInit })[] = [
      (number) => post('/v1/track', { userId: `u${number % 50}`, event: 'Product Viewed', messageId: randomUUID() }),
      (number) => get(`/v1/users/u${number % 50}`),
      (number) => post('/v1/recommendations', { userId: `u${number % 50}` }),
      () => get('/v1/keys'),
    ]
    await installation.client.track({ userId: 'u0', event: 'Product Viewed' })
    // So that there is a profile to read for each.
    await installation.client.importEvents(
      Array.from({ length: 50 }, (_, number) => ({
        type: 'track' as const,
        userId: `u${number}`,
        event: 'Product Viewed',
      })),
    )
    await installation.caughtUp()
    const load = new Load({
      perSecond: 200,
      next: (number) => (requests[number % requests.length] ?? (() => get('/v1/keys')))(number),
    })
    await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(200), { timeout: 10_000 })
    for (const all of Object.values(installation.processes)) {
      for (const process of all) {
        const { pid } = process
        expect(await process.stop(), process.log).toBe(0)
        await process.start()
        expect(process.pid).not.toBe(pid)
        await vi.waitFor(async () => expect(await readyUpstreams(installation.gateway)).toBe(8), { timeout: 10_000 })
      }
    }
    const answers = await load.stop()
    const failed = answers.filter(({ status }) => status !== 200)
    expect(failed.slice(0, 5), `${failed.length} of ${answers.length} failed`).toEqual([])
    expect(answers.length).toBeGreaterThan(2_000)
  },
)

const readyUpstreams = (gateway: { metric(name: string): Promise<number> }): Promise<number> =>
  gateway.metric('rapport_gateway_upstream_ready')
