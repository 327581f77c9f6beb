import type { Endpoints } from './endpoints.ts'
import { startKafka, type Kafka } from './kafka/kafka.ts'
import { missingForKafka } from './obtain/kafka-jars.ts'
import { assertNone, type MissingPiece } from './obtain/missing-pieces.ts'
import { missingForRedis } from './obtain/redis-server.ts'
import { missingForS3 } from './obtain/versitygw.ts'
import { startRedis, type Redis } from './redis/redis.ts'
import { startS3, type S3 } from './s3/s3.ts'

export type ServerKind = keyof Endpoints

const missingFor: Readonly<Record<ServerKind, () => Promise<MissingPiece[]>>> = {
  kafka: missingForKafka,
  redis: missingForRedis,
  s3: missingForS3,
}

/** @throws MissingPiecesError when this machine cannot run one of the servers, naming all that is missing. */
export async function assertNothingMissing(kinds: readonly ServerKind[]): Promise<void> {
  assertNone((await Promise.all(kinds.map((kind) => missingFor[kind]()))).flat())
}

/** Starts one server as a process of this machine. */
export const startNative: {
  readonly [Kind in ServerKind]: () => Promise<AsyncDisposable & { readonly variables: Endpoints[Kind] }>
} = {
  kafka: async () => {
    const kafka = await startKafka()
    return { variables: kafkaVariables(kafka), [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose]() }
  },
  redis: async () => {
    const redis = await startRedis()
    return { variables: redisVariables(redis), [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() }
  },
  s3: async () => {
    const s3 = await startS3()
    return { variables: s3Variables(s3), [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose]() }
  },
}

export function kafkaVariables({ brokers }: Pick<Kafka, 'brokers'>): Endpoints['kafka'] {
  return { RAPPORT_KAFKA_BROKERS: brokers.join(',') }
}

export function redisVariables({ url }: Pick<Redis, 'url'>): Endpoints['redis'] {
  return { RAPPORT_REDIS_URL: url }
}

export function s3Variables(s3: Omit<S3, 'server' | typeof Symbol.asyncDispose>): Endpoints['s3'] {
  return {
    RAPPORT_S3_ENDPOINT: s3.endpoint,
    RAPPORT_S3_REGION: s3.region,
    RAPPORT_S3_ACCESS_KEY_ID: s3.accessKeyId,
    RAPPORT_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
}
