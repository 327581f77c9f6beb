import { inboxTopic, starterTenant, topics, type TopicDescription } from '@rapport/contracts'
import type { FencedLock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import type { KafkaClientOptions } from '@rapport/messaging/kafkajs'
import type { ObjectStore } from '@rapport/object-store'
import type { OnlineStore } from '@rapport/online-store'
import type { RedisFencedLock, RedisOnlineStoreOptions } from '@rapport/online-store/redis'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { ConfigError } from '../config/config-error.ts'
import { connectNowOrLater } from './late-online-store.ts'
import type {
  EventLogConfig,
  ObjectStoreConfig,
  ObjectStoreOnlyConfig,
  RedisConfig,
  StoresConfig,
} from './store-config.ts'

export interface Drivers extends AsyncDisposable {
  readonly eventLog: EventLog
  readonly onlineStore: OnlineStore
  readonly objectStore: ObjectStore
}

/** Where the object store of an embedded installation lies. */
export const objectFolder = (dataDir: string): string => join(dataDir, 'objects')

/**
 * Opens the stores: each on the server that the configuration names, embedded in the data folder where it names none.
 * Drivers are loaded only when they are wanted. Each thread of a process opens its own.
 */
export async function connectDrivers(
  config: StoresConfig,
  log: Logger,
  { startsWithoutOnlineStore = false }: { readonly startsWithoutOnlineStore?: boolean } = {},
): Promise<Drivers> {
  await using stack = new AsyncDisposableStack()
  const connect = (): Promise<OnlineStore> => connectOnlineStore(config, log)
  const onlineStore = stack.use(await (startsWithoutOnlineStore ? connectNowOrLater(connect, log) : connect()))
  const eventLog = stack.use(await connectEventLog(config, log))
  // The last: what it tries out costs hundreds of requests, in vain where another store does not answer.
  const { objectStore } = stack.use(await connectObjectStore(config, log))
  const owned = stack.move()
  return { eventLog, onlineStore, objectStore, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The object store alone: all that a training job needs. */
export async function connectObjectStore(
  config: ObjectStoreOnlyConfig,
  log: Logger,
): Promise<Pick<Drivers, 'objectStore'> & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const lock = config.RAPPORT_REDIS_URL === undefined ? undefined : stack.use(lockOnRedis(config, log))
  const objectStore = stack.use(await openObjectStore(config, log, lock))
  const owned = stack.move()
  return { objectStore, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function openObjectStore(
  config: ObjectStoreOnlyConfig,
  log: Logger,
  lock: FencedLock | undefined,
): Promise<ObjectStore> {
  if (!namesS3(config)) {
    const { openFilesystemObjectStore } = await import('@rapport/object-store/filesystem')
    return openFilesystemObjectStore({ directory: objectFolder(config.RAPPORT_DATA_DIR), log })
  }
  const { connectS3ObjectStore } = await import('@rapport/object-store/s3')
  const { RAPPORT_S3_ACCESS_KEY_ID: accessKeyId, RAPPORT_S3_SECRET_ACCESS_KEY: secretAccessKey } = config
  return connectS3ObjectStore({
    bucket: config.RAPPORT_S3_BUCKET ?? 'rapport',
    region: config.RAPPORT_S3_REGION,
    conditionalPuts: config.RAPPORT_S3_CONDITIONAL_PUTS,
    log,
    ...given('endpoint', config.RAPPORT_S3_ENDPOINT),
    ...given('prefix', config.RAPPORT_S3_PREFIX),
    ...given('pathStyle', config.RAPPORT_S3_PATH_STYLE),
    ...given(
      'credentials',
      accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey },
    ),
    ...given('lock', lock),
  })
}

/** The lock for stores that do not compare atomically: most do, so it connects when it is first asked for. */
function lockOnRedis(config: RedisConfig, log: Logger): FencedLock & AsyncDisposable {
  let connected: Promise<RedisFencedLock> | undefined
  return {
    async acquire(name, options) {
      connected ??= connectLock(config, log)
      const lock = await connected.catch((error: unknown) => {
        connected = undefined
        throw error
      })
      return lock.acquire(name, options)
    },
    async [Symbol.asyncDispose]() {
      await (await connected?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

async function connectLock(config: RedisConfig, log: Logger): Promise<RedisFencedLock> {
  const { connectRedisFencedLock } = await import('@rapport/online-store/redis')
  return connectRedisFencedLock(await redisOptions(config, log))
}

async function redisOptions(config: RedisConfig, log: Logger): Promise<RedisOnlineStoreOptions> {
  const ca = await readPem(config.RAPPORT_REDIS_CA_FILE)
  return {
    url: config.RAPPORT_REDIS_URL ?? '',
    minReplicas: config.RAPPORT_REDIS_MIN_REPLICAS,
    log,
    ...given('tls', ca === undefined ? undefined : { ca }),
  }
}

async function connectOnlineStore(config: StoresConfig, log: Logger): Promise<OnlineStore> {
  if (config.RAPPORT_REDIS_URL === undefined) {
    const { openEmbeddedOnlineStore } = await import('@rapport/online-store/embedded')
    return openEmbeddedOnlineStore({ directory: join(config.RAPPORT_DATA_DIR, 'state'), log })
  }
  const { connectRedisOnlineStore } = await import('@rapport/online-store/redis')
  return connectRedisOnlineStore({
    ...(await redisOptions(config, log)),
    ...given('cacheUrl', config.RAPPORT_CACHE_URL),
  })
}

async function connectEventLog(config: StoresConfig, log: Logger): Promise<EventLog> {
  if (config.RAPPORT_KAFKA_BROKERS === undefined) {
    const { openEmbeddedEventLog } = await import('@rapport/messaging/embedded')
    const directory = join(config.RAPPORT_DATA_DIR, 'log')
    return openEmbeddedEventLog({ directory, topics: topicsOf(config), log })
  }
  const { openKafkaEventLog } = await loadKafkaDriver(config)
  return openKafkaEventLog({ client: await kafkaClientOptions(config), topics: topicsOf(config), log })
}

/** The Kafka driver that the configuration names, which is loaded only now. */
export const loadKafkaDriver = ({ RAPPORT_KAFKA_CLIENT: client }: Pick<EventLogConfig, 'RAPPORT_KAFKA_CLIENT'>) =>
  client === 'platformatic' ? import('@rapport/messaging/platformatic') : import('@rapport/messaging/kafkajs')

/** How to reach the Kafka that the configuration names. @throws ConfigError when what it says of the credentials is not whole. */
export async function kafkaClientOptions(config: EventLogConfig): Promise<KafkaClientOptions> {
  const { RAPPORT_KAFKA_BROKERS: brokers = [], RAPPORT_KAFKA_TLS: hasTls } = config
  const ca = await readPem(config.RAPPORT_KAFKA_CA_FILE)
  return { brokers, tls: ca === undefined ? hasTls : { ca }, ...given('sasl', saslOf(config)) }
}

function saslOf(config: EventLogConfig): KafkaClientOptions['sasl'] {
  const { RAPPORT_KAFKA_SASL: mechanism, RAPPORT_KAFKA_USERNAME: username, RAPPORT_KAFKA_PASSWORD: password } = config
  if (mechanism === undefined) return undefined
  const reason = 'is required with RAPPORT_KAFKA_SASL and not set'
  if (username === undefined) throw new ConfigError([{ variable: 'RAPPORT_KAFKA_USERNAME', reason }])
  if (password === undefined) throw new ConfigError([{ variable: 'RAPPORT_KAFKA_PASSWORD', reason }])
  return { mechanism, username, password }
}

/**
 * Every topic of the installation.
 * @throws ConfigError when the tenant of the starter models, which has no events, is named as one that has an inbox.
 */
export function topicsOf({
  RAPPORT_INBOX_TENANTS: tenants,
}: Pick<EventLogConfig, 'RAPPORT_INBOX_TENANTS'>): readonly TopicDescription[] {
  if (tenants.includes(starterTenant)) {
    const reason = `the tenant "${starterTenant}" has the starter models, and no events: it can have no inbox`
    throw new ConfigError([{ variable: 'RAPPORT_INBOX_TENANTS', reason }])
  }
  return [...Object.values(topics), ...tenants.map(inboxTopic)]
}

/** Whether the object store is an S3 store, not the data folder. */
export const namesS3 = ({ RAPPORT_S3_BUCKET, RAPPORT_S3_ENDPOINT }: ObjectStoreConfig): boolean =>
  RAPPORT_S3_BUCKET !== undefined || RAPPORT_S3_ENDPOINT !== undefined

const readPem = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : readFile(path, 'utf8')

/** One property, or none where there is no value. */
const given = <Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } =>
  value === undefined ? {} : ({ [name]: value } as { [Key in Name]: Value })

/**
 * What is missing for a process that shares its stores with processes of other services.
 * @throws ConfigError
 */
export function requireServers(config: StoresConfig): void {
  const reason = 'is required and not set: processes share their stores over servers'
  const problems = [
    ...(config.RAPPORT_KAFKA_BROKERS === undefined ? [{ variable: 'RAPPORT_KAFKA_BROKERS', reason }] : []),
    ...(config.RAPPORT_REDIS_URL === undefined ? [{ variable: 'RAPPORT_REDIS_URL', reason }] : []),
    ...(namesS3(config) ? [] : [{ variable: 'RAPPORT_S3_ENDPOINT', reason: `${reason} (or RAPPORT_S3_BUCKET)` }]),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
}
