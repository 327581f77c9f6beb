import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { ServiceName } from '@rapport/contracts'
import { startKafkaCluster, startRedis, startS3, type KafkaCluster, type Redis, type S3 } from '@rapport/infra'
import { RapportClient } from '@rapport/sdk'
import { connectDrivers, createLogger, readConfig, StoresSchema, type Drivers } from '@rapport/service-kit'
import { caughtUp } from './lag.ts'
import { cli, ServiceProcess } from './service-process.ts'

export interface InstallationOptions {
  /** Default 1. With three, topics have three replicas of which two must have a record. */
  readonly brokers?: 1 | 3
  /** Processes of each service; one where not said. */
  readonly processes?: Partial<Record<ServiceName, number>>
  /** Something between the services and the S3 server at this endpoint. */
  readonly s3Proxy?: (endpoint: string) => Promise<{ readonly endpoint: string } & AsyncDisposable>
  /** Lines of redis.conf. */
  readonly redis?: readonly string[]
  /** The address by which the services reach Redis, where it is not its own. */
  readonly redisUrl?: (redis: Redis) => Promise<string>
  /** Tenants to whose inboxes others may produce. */
  readonly inboxTenants?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Variables of the processes of one service, or of the gateway. */
  readonly envOf?: (service: ServiceName | 'gateway') => Readonly<Record<string, string>>
  readonly kafkaUsers?: KafkaUsers
}

/** Brokers that ask who somebody is and what he may do. */
export interface KafkaUsers {
  /** Lines of server.properties. */
  readonly properties: Readonly<Record<string, string>>
  /** Gives the services' users their rights, before the services start. */
  readonly grant: (brokers: readonly string[]) => Promise<void>
  /** Variables by which a service logs in; those of an administrator without one. */
  readonly login: (service?: ServiceName) => Readonly<Record<string, string>>
}

const run = promisify(execFile)
const services: readonly ServiceName[] = [
  'ingestion',
  'feature',
  'recommendation',
  'text-classification',
  'sentiment',
  'control',
]

/** Rapport as it runs in production: every service a process of its own, behind the gateway, on real servers. */
export interface Installation extends AsyncDisposable {
  readonly kafka: KafkaCluster
  readonly redis: Redis
  readonly s3: S3
  readonly gateway: ServiceProcess
  /** Another one, the caller's. */
  startGateway(): Promise<ServiceProcess>
  readonly processes: Readonly<Record<ServiceName, readonly ServiceProcess[]>>
  readonly url: string
  readonly key: string
  readonly client: RapportClient
  /** Variables that say where the stores are. */
  readonly stores: Readonly<Record<string, string>>
  /** The stores, for whoever checks what stands in them. */
  connect(): Promise<Drivers>
  /** Resolves when the feature processes have applied everything that stands in the events' topic. */
  caughtUp(): Promise<void>
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  await using stack = new AsyncDisposableStack()
  const brokers = options.brokers ?? 1
  const kafka = stack.use(await startKafkaCluster({ brokers, properties: options.kafkaUsers?.properties ?? {} }))
  const redis = stack.use(await startRedis({ config: options.redis ?? [] }))
  const s3 = stack.use(await startS3())
  const replication =
    brokers === 1 ? { replication: 1, minInsyncReplicas: 1 } : { replication: 3, minInsyncReplicas: 2 }
  const key = `rpt_${randomBytes(32).toString('base64url')}`
  const stores = {
    RAPPORT_KAFKA_BROKERS: kafka.brokers.join(','),
    RAPPORT_REDIS_URL: (await options.redisUrl?.(redis)) ?? redis.url,
    RAPPORT_S3_ENDPOINT: s3.endpoint,
    RAPPORT_S3_REGION: s3.region,
    RAPPORT_S3_ACCESS_KEY_ID: s3.accessKeyId,
    RAPPORT_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    RAPPORT_S3_BUCKET: 'rapport',
    RAPPORT_INBOX_TENANTS: (options.inboxTenants ?? []).join(','),
    ...options.kafkaUsers?.login(),
  }
  await makeTopics(stores, replication)
  await options.kafkaUsers?.grant(kafka.brokers)
  const proxy = options.s3Proxy === undefined ? undefined : stack.use(await options.s3Proxy(s3.endpoint))
  const env = {
    ...stores,
    ...(proxy === undefined ? {} : { RAPPORT_S3_ENDPOINT: proxy.endpoint }),
    RAPPORT_ADMIN_KEY: key,
    RAPPORT_LOG_LEVEL: 'warn',
    RAPPORT_STARTER_MODELS: 'false',
    ...options.env,
  }
  const processes = await startServices(stack, env, options)
  const urls = services.map((name) => [
    `RAPPORT_${name.toUpperCase().replaceAll('-', '_')}_URLS`,
    processes[name].map(({ url }) => url).join(','),
  ])
  const startGateway = (): Promise<ServiceProcess> =>
    ServiceProcess.start('gateway', ['gateway'], {
      ...env,
      ...options.envOf?.('gateway'),
      ...(Object.fromEntries(urls) as object),
    })
  const gateway = stack.use(await startGateway())
  const client = new RapportClient({ url: gateway.url, key, retries: 0 })
  const connect = (): Promise<Drivers> =>
    connectDrivers(readConfig(StoresSchema, stores), createLogger('check', { level: 'silent' }))
  const owned = stack.move()
  return {
    kafka,
    redis,
    s3,
    gateway,
    startGateway,
    processes,
    url: gateway.url,
    key,
    client,
    stores,
    connect,
    caughtUp: () => caughtUp(connect),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function makeTopics(
  stores: Readonly<Record<string, string>>,
  { replication, minInsyncReplicas }: { replication: number; minInsyncReplicas: number },
): Promise<void> {
  const args = ['topics', 'apply', '--replication', String(replication), '--min-insync', String(minInsyncReplicas)]
  await run(process.execPath, [cli, ...args], { env: { ...process.env, ...stores } })
}

/** One after another: each takes a core while it starts. */
async function startServices(
  stack: AsyncDisposableStack,
  env: Readonly<Record<string, string>>,
  { processes = {}, kafkaUsers, envOf }: InstallationOptions,
): Promise<Record<ServiceName, ServiceProcess[]>> {
  const started: Record<ServiceName, ServiceProcess[]> = {
    ingestion: [],
    feature: [],
    recommendation: [],
    'text-classification': [],
    sentiment: [],
    control: [],
  }
  for (const name of services) {
    const own = { ...env, ...envOf?.(name), ...kafkaUsers?.login(name) }
    for (let number = 1; number <= (processes[name] ?? 1); number += 1) {
      started[name].push(stack.use(await ServiceProcess.start(`${name} ${number}`, ['serve', name], own)))
    }
  }
  return started
}
