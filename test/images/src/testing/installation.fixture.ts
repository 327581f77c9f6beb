import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts, startKafka, startRedis, startS3, type Road } from '@rapport/infra'
import { RapportClient } from '@rapport/sdk'
import { connectDrivers, createLogger, readConfig, StoresSchema } from '@rapport/service-kit'
import { startSpanCollector, type SpanCollector } from '@rapport/test-e2e/span-collector'
import { caughtUp, type Balanced } from '@rapport/test-resilience'
import { nameOf, readReferences } from '../base-references.ts'
import { buildServices, readSource, workspace, type BuiltImage } from '../build-service.ts'
import { obtainNodeBases } from '../node-bases.ts'
import { startServiceContainer, type ServiceContainer } from './service-container.fixture.ts'

const run = promisify(execFile)

export const services = ['control', 'ingestion', 'feature', 'recommendation', 'gateway'] as const
export type Service = (typeof services)[number]
type Pair = readonly [ServiceContainer, ServiceContainer]

/** Rapport in containers of its images, on real servers: two of each service that bears load, behind the gateway. */
export interface ContainerInstallation extends Balanced, AsyncDisposable {
  readonly images: Readonly<Record<Service, BuiltImage>>
  readonly ingestion: Pair
  readonly feature: Pair
  readonly recommendation: Pair
  /** One of each service. */
  readonly one: Readonly<Record<Service, ServiceContainer>>
  /** Gets the spans of traces that a caller records. */
  readonly collector: SpanCollector
}

type DockerRoad = Extract<Road, { kind: 'docker' }>

async function buildImages({ engine }: DockerRoad): Promise<Readonly<Record<Service, BuiltImage>>> {
  const [wanted] = await readReferences(workspace)
  if (wanted === undefined) throw new Error('docker/Dockerfile names no base image')
  const bases = await obtainNodeBases(engine, nameOf(wanted))
  return buildServices(engine, { services, bases, tag: 'test', source: await readSource('0.1.0') })
}

export async function startContainerInstallation(road: DockerRoad): Promise<ContainerInstallation> {
  await using stack = new AsyncDisposableStack()
  const images = await buildImages(road)
  const stores = await startStores(stack, road)
  const collector = stack.use(await startSpanCollector())
  const key = `rpt_${randomBytes(32).toString('base64url')}`
  const env = { ...collector.env, OTEL_TRACES_SAMPLER: 'parentbased_always_off', ...stores }
  const start = async (service: Service, own: Readonly<Record<string, string>> = {}): Promise<ServiceContainer> => {
    const { image } = images[service]
    return stack.use(await startServiceContainer(road.engine, { image, env: { ...env, ...own } }))
  }
  const two = (service: Service): Promise<Pair> => Promise.all([start(service), start(service)])
  // It makes the key known, which the others find when they start.
  const control = await start('control', { RAPPORT_ADMIN_KEY: key, RAPPORT_STARTER_MODELS: 'false' })
  const [ingestion, feature, recommendation] = await Promise.all([
    two('ingestion'),
    two('feature'),
    two('recommendation'),
  ])
  const [nobody = 0] = await freePorts(1)
  const gateway = await start('gateway', {
    RAPPORT_INGESTION_URLS: urlsOf(ingestion),
    RAPPORT_FEATURE_URLS: urlsOf(feature),
    RAPPORT_RECOMMENDATION_URLS: urlsOf(recommendation),
    RAPPORT_CONTROL_URLS: control.url,
    RAPPORT_TEXT_CLASSIFICATION_URLS: `http://127.0.0.1:${nobody}`,
    RAPPORT_SENTIMENT_URLS: `http://127.0.0.1:${nobody}`,
  })
  const connect: Balanced['connect'] = () =>
    connectDrivers(readConfig(StoresSchema, stores), createLogger('check', { level: 'silent' }))
  const owned = stack.move()
  return {
    images,
    ingestion,
    feature,
    recommendation,
    one: { control, ingestion: ingestion[0], feature: feature[0], recommendation: recommendation[0], gateway },
    collector,
    key,
    url: gateway.url,
    client: new RapportClient({ url: gateway.url, key, retries: 0 }),
    connect,
    caughtUp: () => caughtUp(connect),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const urlsOf = (containers: Pair): string => containers.map(({ url }) => url).join(',')

/** Resolves with the variables that lead to them. */
async function startStores(stack: AsyncDisposableStack, road: Road): Promise<Record<string, string>> {
  const [kafka, redis, s3] = await Promise.all([startKafka({ road }), startRedis({ road }), startS3({ road })])
  for (const server of [kafka, redis, s3]) stack.use(server)
  const stores = {
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
  await run(process.execPath, topics, { env: { ...process.env, ...stores } })
  return stores
}
