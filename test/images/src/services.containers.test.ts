import { featureGroup, topics } from '@rapport/contracts'
import { createShop } from '@rapport/demo-shop'
import { join } from 'node:path'
import { chooseRoad } from '@rapport/infra'
import {
  askForRecommendations,
  judgeRecommendations,
  Ledger,
  mostInHand,
  nothingAmiss,
  Producers,
  takeBalance,
  temporaryFolder,
  type Kill,
} from '@rapport/test-resilience'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readSource } from './build-service.ts'
import { services, startContainerInstallation, type ContainerInstallation } from './testing/installation.fixture.ts'
import type { ServiceContainer } from './testing/service-container.fixture.ts'
import { shopTraffic } from './testing/shop-traffic.fixture.ts'

/** Containers of this machine, with images of the servers. On CI they are not left out. */
const road = await chooseRoad({ ...process.env, RAPPORT_INFRA: 'docker' }, ['kafka', 'redis', 's3']).catch(
  (error: unknown) => {
    if ((process.env['CI'] ?? '') !== '') throw error
    return undefined
  },
)
const owned = new AsyncDisposableStack()
afterAll(() => owned.disposeAsync(), 60_000)

describe.runIf(road?.kind === 'docker')('images of services', () => {
  let installation: ContainerInstallation

  beforeAll(async () => {
    if (road?.kind === 'docker') installation = owned.use(await startContainerInstallation(road))
  }, 600_000)

  it(
    'answer with recommendations that follow an event, from containers that may nothing',
    { timeout: 60_000 },
    async () => {
      const { client } = installation
      await client.putItems([1, 2, 3].map((number) => ({ id: `tea-${number}`, title: `Green tea ${number}` })))
      await client.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-1' } })
      await vi.waitFor(
        async () => {
          const answer = await client.recommend({ userId: 'ada', explain: true })
          expect(answer.items[0]?.reasons?.[0]?.itemId).toBe('tea-1')
        },
        { timeout: 30_000, interval: 100 },
      )
    },
  )

  it('send the spans of a trace that their caller records, each under its own name', async () => {
    const { collector, key, url } = installation
    const traceId = '1'.repeat(32)
    const answer = await fetch(`${url}/v1/track`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        traceparent: `00-${traceId}-${'2'.repeat(16)}-01`,
      },
      body: JSON.stringify({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-1' } }),
    })
    expect(answer.status).toBe(200)
    const spans = (): readonly unknown[] => collector.spansOf(traceId).map(({ service, name }) => [service, name])
    const expected = [
      ['gateway', 'POST /v1/track'],
      ['ingestion', 'POST /v1/track'],
      ['feature', 'process rapport.events.v1'],
    ]
    await vi.waitFor(() => expect(spans()).toEqual(expect.arrayContaining(expected)), { timeout: 20_000, interval: 50 })
  })

  it.each(services)('%s cannot write, is nobody, and has no way to become more', async (service) => {
    const script = `
      const { readFileSync, writeFileSync } = require('node:fs')
      const tries = ['/app/x', '/tmp/x'].map((path) => { try { writeFileSync(path, ''); return 'written' } catch (error) { return error.code } })
      const status = readFileSync('/proc/self/status', 'utf8')
      const of = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1]
      console.log(JSON.stringify({ tries, uid: process.getuid(), effective: of('CapEff'), bounding: of('CapBnd'), noNew: of('NoNewPrivs') }))`
    expect(JSON.parse(await installation.one[service].evaluate(script))).toEqual({
      tries: ['EROFS', 'EROFS'],
      uid: 10001,
      effective: '0000000000000000',
      bounding: '0000000000000000',
      noNew: '1',
    })
  })

  it.each(services)('%s adds less than 120 MB to its base, and brings no TensorFlow.js', async (service) => {
    expect(installation.images[service].addedBytes).toBeLessThan(120e6)
    expect(installation.images[service].addedBytes).toBeGreaterThan(1e6)
    const bill = JSON.parse(
      await installation.one[service].evaluate(
        `process.stdout.write(require('node:fs').readFileSync('/app/sbom.cdx.json'))`,
      ),
    ) as Bill
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: service } } })
    const names = bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    expect(names).toEqual(expect.arrayContaining(['fastify', 'kafkajs', '@rapport/service-kit']))
    expect(names.filter((name) => name.startsWith('@tensorflow/'))).toEqual([])
  })

  it('say what they are', async () => {
    const { image } = installation.images.ingestion
    const engine = road?.kind === 'docker' ? road.engine : undefined
    const { Config } = (await engine?.container.dockerode.getImage(image).inspect()) ?? {}
    expect(Config?.User).toBe('10001:10001')
    expect(Config?.Labels).toMatchObject({
      'org.opencontainers.image.title': 'rapport-ingestion',
      'org.opencontainers.image.version': '0.1.0',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.revision': (await readSource('0.1.0')).revision,
    })
  })

  it(
    "go on with a shop's traffic when one of two is killed, of each service: partitions move, and nothing is lost",
    { timeout: 180_000 },
    async () => {
      const { url, key, client, ingestion, feature, recommendation } = installation
      const folder = owned.use(await temporaryFolder())
      const ledger = owned.use(await Ledger.open(join(folder.path, 'ledger')))
      const shop = createShop(1)
      await client.putItems(shop.products.map(({ item }) => item))
      const load = { sources: 4, batchEvents: 10, eventsPerSecond: 200, users: shop.visitors.length }
      const producers = new Producers({ url, key, ledger, ...load, eventOf: shopTraffic(shop, load.sources) })
      const asked = { url, key, users: load.users, userOf: (number: number) => shop.visitors[number]?.userId ?? '' }
      const recommendations = askForRecommendations(asked)
      const traffic = async (): Promise<void> => {
        const before = producers.counts.acknowledged
        await vi.waitFor(() => expect(producers.counts.acknowledged).toBeGreaterThan(before + 20), { timeout: 60_000 })
      }
      await traffic()
      const [left = [], right = []] = await Promise.all(feature.map(partitionsOf))
      expect(new Set([...left, ...right])).toEqual(new Set(allPartitions))
      expect([left.length, right.length]).toEqual([allPartitions.length / 2, allPartitions.length / 2])
      for (const one of ingestion) expect(await one.samples('rapport_events_accepted_total')).not.toEqual([])
      const kills: Kill[] = []
      for (const [service, [, victim]] of Object.entries({ feature, ingestion, recommendation })) {
        const signalledMs = performance.now()
        await victim.kill()
        kills.push({ service, signalledMs, goneMs: performance.now() })
        await traffic()
      }
      // When the session of the killed one has ended.
      await vi.waitFor(async () => expect(await partitionsOf(feature[0])).toEqual(allPartitions), {
        timeout: 60_000,
        interval: 200,
      })
      await traffic()
      const answers = await recommendations.stop()
      const { acknowledged, statuses } = await producers.stop()
      // Of a call that broke off nobody knows what became: the gateway says so, and it is sent again with the same ids.
      expect([...statuses.keys()].filter((status) => status !== 503)).toEqual([])
      const balance = await takeBalance(installation, ledger)
      expect(balance).toMatchObject(nothingAmiss)
      expect(balance.acknowledged).toBe(acknowledged * load.batchEvents)
      const judged = judgeRecommendations(answers, kills)
      expect(judged.failed.slice(0, 5), `${judged.failed.length} of ${answers.length}`).toEqual([])
      expect(judged.inHand).toBeLessThanOrEqual(mostInHand)
      expect(judged.answered).toBeGreaterThan(100)
    },
  )

  it('end in good order when they are told to', { timeout: 60_000 }, async () => {
    const left = Object.values(installation.one)
    expect(await Promise.all(left.map((container) => container.stop()))).toEqual(left.map(() => 0))
  })
})

interface Bill {
  readonly components: readonly { readonly group?: string; readonly name: string }[]
}

const allPartitions = Array.from({ length: topics.events.partitions }, (_, number) => number)

/** Of the events' topic, those that a feature process holds, in order. */
async function partitionsOf(container: ServiceContainer): Promise<number[]> {
  const samples = await container.samples('rapport_consumer_lag_records')
  return samples
    .filter((line) => line.includes(`group="${featureGroup}"`) && line.includes(`topic="${topics.events.name}"`))
    .map((line) => Number(/partition="(\d+)"/.exec(line)?.[1]))
    .sort((one, other) => one - other)
}
