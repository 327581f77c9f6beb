import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { nothingAmiss, takeBalance } from './harness/check.ts'
import { startInstallation } from './harness/installation.ts'
import { Ledger } from './harness/ledger.ts'
import { Load } from './harness/load.ts'
import { eventOf } from './harness/producers.ts'
import { ReadyGateways } from './harness/ready-gateways.ts'
import { temporaryFolder } from './harness/temporary-folder.ts'

const users = 50
/** Of the events, in the ledger and in their ids. */
const source = 0
const owned = new AsyncDisposableStack()
afterEach(() => owned.disposeAsync())

it(
  'no request fails and no event is lost or applied twice while every process is restarted, one after another',
  { timeout: 600_000 },
  async () => {
    const two = { ingestion: 2, feature: 2, recommendation: 2, 'text-classification': 2, sentiment: 2, control: 2 }
    const installation = owned.use(await startInstallation({ processes: two }))
    const processes = Object.values(installation.processes).flat()
    const { key } = installation
    const gateways = [installation.gateway, owned.use(await installation.startGateway())] as const
    const balancer = owned.use(new ReadyGateways(gateways))
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const get = (path: string) => ({ url: `${balancer.url}${path}`, init: { headers } })
    const post = (path: string, body: object) => ({
      url: `${balancer.url}${path}`,
      init: { method: 'POST', headers, body: JSON.stringify(body) },
    })
    const requests: ((number: number) => { url: string; init: RequestInit })[] = [
      (number) => post('/v1/batch', { batch: [eventOf(source, number / requests.length, users)] }),
      (number) => get(`/v1/users/user-${number % users}`),
      (number) => post('/v1/recommendations', { userId: `user-${number % users}` }),
      () => get('/v1/keys'),
      () => get('/v1/text/models'),
    ]
    // So that there is a profile to read for each.
    await installation.client.importEvents(
      Array.from({ length: users }, (_, number) => ({
        type: 'track' as const,
        userId: `user-${number}`,
        event: 'Product Viewed',
      })),
    )
    await installation.caughtUp()
    const folder = owned.use(await temporaryFolder())
    const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
    const load = new Load({
      perSecond: 100,
      next: (number) => (requests[number % requests.length] ?? (() => get('/v1/keys')))(number),
    })
    await vi.waitFor(() => expect(load.answers.length).toBeGreaterThan(100), { timeout: 10_000 })
    for (const process of processes) {
      const { pid } = process
      expect(await process.stop(), process.log).toBe(0)
      await process.start()
      expect(process.pid).not.toBe(pid)
      for (const gateway of gateways) {
        await vi.waitFor(async () => expect(await readyUpstreams(gateway)).toBe(processes.length), { timeout: 10_000 })
      }
    }
    for (const gateway of gateways) {
      expect(await gateway.stop(), gateway.log).toBe(0)
      expect(balancer.readyCount).toBe(1)
      await gateway.start()
      await vi.waitFor(() => expect(balancer.readyCount).toBe(2), { timeout: 10_000 })
    }
    const answers = await load.stop()
    const failed = answers.filter(({ status }) => status !== 200)
    expect(failed.slice(0, 5), `${failed.length} of ${answers.length} failed`).toEqual([])
    expect(answers.length).toBeGreaterThan(2_000)
    const sequences = answers.flatMap(({ number }) =>
      number % requests.length === 0 ? [number / requests.length] : [],
    )
    const acknowledgedAtMs = Date.now()
    await ledger.add(
      sequences.map((sequence) => ({ source, sequence, messageId: `${source}-${sequence}`, acknowledgedAtMs })),
    )
    const balance = await takeBalance(installation, ledger)
    expect(balance).toMatchObject(nothingAmiss)
    expect(balance.acknowledged).toBeGreaterThan(500)
  },
)

const readyUpstreams = (gateway: { metric(name: string): Promise<number> }): Promise<number> =>
  gateway.metric('rapport_gateway_upstream_ready')
