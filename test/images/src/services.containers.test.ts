import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { chooseRoad, startKafka, startRedis, startS3 } from '@rapport/infra'
import { RapportClient } from '@rapport/sdk'
import { startSpanCollector, type SpanCollector } from '@rapport/test-e2e/span-collector'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nameOf, readReferences } from './base-references.ts'
import { buildServices, readSource, workspace, type BuiltImage } from './build-service.ts'
import { obtainNodeBases } from './node-bases.ts'
import { startServiceContainer, type ServiceContainer } from './testing/service-container.fixture.ts'

const run = promisify(execFile)
const services = ['control', 'ingestion', 'feature', 'recommendation'] as const
type Service = (typeof services)[number]

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
  const engine = road?.kind === 'docker' ? road.engine : undefined
  const images = {} as Record<Service, BuiltImage>
  const containers = {} as Record<Service, ServiceContainer>
  let collector: SpanCollector
  const key = `rpt_${randomBytes(32).toString('base64url')}`

  beforeAll(async () => {
    if (engine === undefined) return
    const [wanted] = await readReferences(workspace)
    if (wanted === undefined) throw new Error('docker/Dockerfile names no base image')
    const bases = await obtainNodeBases(engine, nameOf(wanted))
    const source = await readSource('0.1.0')
    Object.assign(images, await buildServices(engine, { services, bases, tag: 'test', source }))
    const kafka = owned.use(await startKafka({ road }))
    const redis = owned.use(await startRedis({ road }))
    const s3 = owned.use(await startS3({ road }))
    collector = owned.use(await startSpanCollector())
    const env = {
      ...collector.env,
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      RAPPORT_KAFKA_BROKERS: kafka.brokers.join(','),
      RAPPORT_REDIS_URL: redis.url,
      RAPPORT_S3_ENDPOINT: s3.endpoint,
      RAPPORT_S3_REGION: s3.region,
      RAPPORT_S3_ACCESS_KEY_ID: s3.accessKeyId,
      RAPPORT_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      RAPPORT_S3_BUCKET: 'rapport',
    }
    const rapport = fileURLToPath(import.meta.resolve('@rapport/all-in-one/cli'))
    const topics = [rapport, 'topics', 'apply', '--replication', '1', '--min-insync', '1']
    await run(process.execPath, topics, { env: { ...process.env, ...env } })
    // Control makes the key known, which the others find when they start.
    for (const service of services) {
      const image = images[service].image
      const own = service === 'control' ? { RAPPORT_ADMIN_KEY: key, RAPPORT_STARTER_MODELS: 'false' } : {}
      containers[service] = owned.use(await startServiceContainer(engine, { image, env: { ...env, ...own } }))
    }
  }, 600_000)

  it(
    'answer with recommendations that follow an event, from containers that may nothing',
    { timeout: 60_000 },
    async () => {
      const [ingestion, recommendation] = [containers.ingestion, containers.recommendation].map(
        ({ url }) => new RapportClient({ url, key }),
      )
      await ingestion?.putItems([1, 2, 3].map((number) => ({ id: `tea-${number}`, title: `Green tea ${number}` })))
      await ingestion?.track({ userId: 'ada', event: 'Product Viewed', properties: { product_id: 'tea-1' } })
      await vi.waitFor(
        async () => {
          const answer = await recommendation?.recommend({ userId: 'ada', explain: true })
          expect(answer?.items[0]?.reasons?.[0]?.itemId).toBe('tea-1')
        },
        { timeout: 30_000, interval: 100 },
      )
    },
  )

  it('send the spans of a trace that their caller records, each under its own name', async () => {
    const traceId = '1'.repeat(32)
    const answer = await fetch(`${containers.ingestion.url}/v1/track`, {
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
    await vi.waitFor(
      () =>
        expect(spans()).toEqual(
          expect.arrayContaining([
            ['ingestion', 'POST /v1/track'],
            ['feature', 'process rapport.events.v1'],
          ]),
        ),
      { timeout: 20_000, interval: 50 },
    )
  })

  it.each(services)('%s cannot write, is nobody, and has no way to become more', async (service) => {
    const script = `
      const { readFileSync, writeFileSync } = require('node:fs')
      const tries = ['/app/x', '/tmp/x'].map((path) => { try { writeFileSync(path, ''); return 'written' } catch (error) { return error.code } })
      const status = readFileSync('/proc/self/status', 'utf8')
      const of = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(status)[1]
      console.log(JSON.stringify({ tries, uid: process.getuid(), effective: of('CapEff'), bounding: of('CapBnd'), noNew: of('NoNewPrivs') }))`
    expect(JSON.parse(await containers[service].evaluate(script))).toEqual({
      tries: ['EROFS', 'EROFS'],
      uid: 10001,
      effective: '0000000000000000',
      bounding: '0000000000000000',
      noNew: '1',
    })
  })

  it.each(services)('%s adds less than 120 MB to its base, and brings no TensorFlow.js', async (service) => {
    expect(images[service].addedBytes).toBeLessThan(120e6)
    expect(images[service].addedBytes).toBeGreaterThan(1e6)
    const bill = JSON.parse(
      await containers[service].evaluate(`process.stdout.write(require('node:fs').readFileSync('/app/sbom.cdx.json'))`),
    ) as Bill
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: service } } })
    const names = bill.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    expect(names).toEqual(expect.arrayContaining(['fastify', 'kafkajs', '@rapport/service-kit']))
    expect(names.filter((name) => name.startsWith('@tensorflow/'))).toEqual([])
  })

  it('say what they are', async () => {
    const { Config } = (await engine?.container.dockerode.getImage(images.ingestion.image).inspect()) ?? {}
    expect(Config?.User).toBe('10001:10001')
    expect(Config?.Labels).toMatchObject({
      'org.opencontainers.image.title': 'rapport-ingestion',
      'org.opencontainers.image.version': '0.1.0',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.revision': (await readSource('0.1.0')).revision,
    })
  })

  it('end in good order when they are told to', { timeout: 60_000 }, async () => {
    expect(await Promise.all(services.map((service) => containers[service].stop()))).toEqual(services.map(() => 0))
  })
})

interface Bill {
  readonly components: readonly { readonly group?: string; readonly name: string }[]
}
