import type { ConnectionOptions } from 'node:tls'

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** How to reach the cluster. */
export interface KafkaJsClientOptions {
  /** `host:port` of some of the brokers; the rest is learnt from them. */
  readonly brokers: readonly string[]
  /** Shown in the brokers' logs and quotas. Default `rapport`. */
  readonly clientId?: string
  readonly tls?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** Of the batches that are published. lz4, snappy and zstd need native modules or slow ports of them. Default `gzip`. */
  readonly compression?: 'none' | 'gzip'
  /** Default 3 s. */
  readonly connectTimeoutMs?: number
  /** After this a request without an answer has failed, and its connection is given up. Default 10 s. */
  readonly requestTimeoutMs?: number
}
