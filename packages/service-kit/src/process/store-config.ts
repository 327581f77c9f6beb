import { TenantNameSchema } from '@rapport/contracts'
import { Type, type Static } from 'typebox'

const secret = { secret: true }
const file = (what: string): string => `File with ${what}, as PEM.`

export const DataFolderSchema = Type.Object({
  RAPPORT_DATA_DIR: Type.String({ default: './data', description: 'Folder of the embedded stores.' }),
})

/** Where the event log is. */
export const EventLogSchema = Type.Object({
  RAPPORT_KAFKA_BROKERS: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^:/\\s[\\]]+:\\d{1,5}$|^\\[[0-9a-fA-F:]+\\]:\\d{1,5}$' }), {
      minItems: 1,
      description: 'Brokers of a Kafka cluster, as host:port or [address]:port; the rest are learnt from them.',
    }),
  ),
  RAPPORT_KAFKA_CLIENT: Type.Enum(['kafkajs', 'platformatic'], {
    default: 'kafkajs',
    description: 'Which client library speaks with the brokers: kafkajs or @platformatic/kafka.',
  }),
  RAPPORT_KAFKA_TLS: Type.Boolean({
    default: false,
    description: 'Whether to speak TLS with the brokers; a RAPPORT_KAFKA_CA_FILE says so too.',
  }),
  RAPPORT_KAFKA_CA_FILE: Type.Optional(
    Type.String({
      description: file('the certificates of the authorities that are trusted; those of Node if not set'),
    }),
  ),
  RAPPORT_KAFKA_SASL: Type.Optional(
    Type.Enum(['plain', 'scram-sha-256', 'scram-sha-512'], { description: 'How to authenticate with the brokers.' }),
  ),
  RAPPORT_KAFKA_USERNAME: Type.Optional(Type.String({ description: 'User for RAPPORT_KAFKA_SASL.' })),
  RAPPORT_INBOX_TENANTS: Type.Array(TenantNameSchema, {
    default: [],
    description:
      'Tenants that have an inbox, the topic rapport.inbox.<tenant>.v1, to which events may be produced directly.',
  }),
  RAPPORT_KAFKA_PASSWORD: Type.Optional(Type.String({ ...secret, description: 'Password for RAPPORT_KAFKA_SASL.' })),
})
export type EventLogConfig = Static<typeof EventLogSchema>

/** Where a Redis is. */
export const RedisSchema = Type.Object({
  RAPPORT_REDIS_URL: Type.Optional(
    Type.String({
      ...secret,
      description:
        'Redis, as redis://[user:password@]host[:port] or rediss:// for TLS; of a cluster some of its nodes, separated by commas.',
    }),
  ),
  RAPPORT_REDIS_CA_FILE: Type.Optional(
    Type.String({
      description: file('the certificates of the authorities that are trusted; those of Node if not set'),
    }),
  ),
  RAPPORT_REDIS_MIN_REPLICAS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 10,
    description: 'How many replicas must have a write before it counts as durable.',
  }),
})
export type RedisConfig = Static<typeof RedisSchema>

/** Where the online store is. */
export const OnlineStoreSchema = Type.Object({
  ...RedisSchema.properties,
  RAPPORT_CACHE_URL: Type.Optional(
    Type.String({
      ...secret,
      description: 'Another Redis for cached values, in the same form; it may evict what it likes, and be away.',
    }),
  ),
})

/** Where the object store is. */
export const ObjectStoreSchema = Type.Object({
  RAPPORT_S3_BUCKET: Type.Optional(Type.String({ description: 'Bucket of an S3-compatible store.' })),
  RAPPORT_S3_PREFIX: Type.Optional(Type.String({ description: 'Everything lies below this key of the bucket.' })),
  RAPPORT_S3_ENDPOINT: Type.Optional(
    Type.String({ description: 'Address of the store, as http(s)://host[:port]; that of AWS if not set.' }),
  ),
  RAPPORT_S3_REGION: Type.String({ default: 'us-east-1', description: 'Region of the bucket.' }),
  RAPPORT_S3_ACCESS_KEY_ID: Type.Optional(
    Type.String({
      description: 'Access key; if not set, what the AWS SDK finds (files, web identity, instance role).',
    }),
  ),
  RAPPORT_S3_SECRET_ACCESS_KEY: Type.Optional(Type.String({ ...secret, description: 'Its secret.' })),
  RAPPORT_S3_PATH_STYLE: Type.Optional(
    Type.Boolean({ description: 'Whether the bucket stands in the path; if not set, true with an endpoint.' }),
  ),
  RAPPORT_S3_CONDITIONAL_PUTS: Type.Enum(['probe', 'native', 'locked'], {
    default: 'probe',
    description:
      'Whether of racing writers one wins: tried at each start, believed, or not believed. Where it is not so, writes that must not race are made under a lock in Redis.',
  }),
})
export type ObjectStoreConfig = Static<typeof ObjectStoreSchema>

/** What a process reads that needs the object store alone; Redis for the lock that some stores need. */
export const ObjectStoreOnlySchema = Type.Object({
  ...DataFolderSchema.properties,
  ...ObjectStoreSchema.properties,
  ...RedisSchema.properties,
})
export type ObjectStoreOnlyConfig = Static<typeof ObjectStoreOnlySchema>

/** Where all stores are. */
export const StoresSchema = Type.Object({
  ...EventLogSchema.properties,
  ...ObjectStoreOnlySchema.properties,
  ...OnlineStoreSchema.properties,
})
export type StoresConfig = Static<typeof StoresSchema>
