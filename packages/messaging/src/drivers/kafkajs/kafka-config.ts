import { logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { EventLogUseError } from '../../errors.ts'
import type { KafkaJsClientOptions } from './options.ts'

const CONNECT_TIMEOUT_MS = 3000
export const REQUEST_TIMEOUT_MS = 10_000
const BROKER = /^[^\s:]+:\d{1,5}$/

/**
 * kafkajs's options for these; nothing in it tries again by itself, or writes to the console.
 * @throws EventLogUseError naming the broker that is none.
 */
export const toKafkaConfig = (options: KafkaJsClientOptions): KafkaConfig => ({
  clientId: options.clientId ?? 'rapport',
  brokers: checkBrokers(options.brokers),
  ...(options.tls === undefined ? {} : { ssl: options.tls }),
  ...(options.sasl === undefined ? {} : { sasl: options.sasl as SASLOptions }),
  connectionTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  authenticationTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  retry: { retries: 0, initialRetryTime: 1 },
  logLevel: logLevel.NOTHING,
})

function checkBrokers(brokers: readonly string[]): string[] {
  const wrong = brokers.find((broker) => !BROKER.test(broker))
  if (brokers.length > 0 && wrong === undefined) return [...brokers]
  const what = wrong === undefined ? 'none is named' : `"${wrong}" is not host:port`
  throw new EventLogUseError('RPT_EVENT_LOG_BROKERS', `brokers of Kafka: ${what}`)
}
