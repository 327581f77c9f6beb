import type { ConnectionOptions } from 'node:tls'
import { EventLogUseError } from '../../errors.ts'

export const CONNECT_TIMEOUT_MS = 3000
export const REQUEST_TIMEOUT_MS = 10_000
const BROKER = /^(?:([^\s:[\]]+)|\[([0-9a-fA-F:]+)\]):(\d{1,5})$/

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

/** How to reach the cluster; the same for every client. */
export interface KafkaClientOptions {
  /** `host:port` of some of the brokers, `[address]:port` by IPv6; the rest is learnt from them. */
  readonly brokers: readonly string[]
  /** Shown in the brokers' logs and quotas. Default `rapport`. */
  readonly clientId?: string
  readonly tls?: boolean | ConnectionOptions
  readonly sasl?: SaslOptions
  /** Of the batches that are published; a topic that is made as described is stored in gzip anyway. Default `gzip`. */
  readonly compression?: 'none' | 'gzip'
  /** Default 3 s. */
  readonly connectTimeoutMs?: number
  /** After this a request without an answer has failed, and its connection is given up. Default 10 s. */
  readonly requestTimeoutMs?: number
}

/** The brokers' hosts and ports; an address of IPv6 is written in brackets. @throws EventLogUseError naming what is none. */
export function readBrokers(brokers: readonly string[]): { readonly host: string; readonly port: number }[] {
  if (brokers.length === 0) throw noBroker('none is named')
  return brokers.map((broker) => {
    const [, name, address, port] = BROKER.exec(broker) ?? []
    const host = name ?? address
    if (host === undefined || !(Number(port) <= 65_535)) throw noBroker(`"${broker}" is not host:port`)
    return { host, port: Number(port) }
  })
}

const noBroker = (what: string): EventLogUseError =>
  new EventLogUseError('RPT_EVENT_LOG_BROKERS', `brokers of Kafka: ${what}`)
