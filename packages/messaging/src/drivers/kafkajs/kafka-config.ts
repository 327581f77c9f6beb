import { logLevel, type KafkaConfig } from 'kafkajs'
import {
  readBrokers,
  CONNECT_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  type KafkaClientOptions,
} from '../kafka/client-options.ts'
import { toMechanism } from './login.ts'

/**
 * kafkajs's options for these; nothing in it tries again by itself, or writes to the console.
 * @throws EventLogUseError naming the broker that is none.
 */
export const toKafkaConfig = (options: KafkaClientOptions): KafkaConfig => ({
  clientId: options.clientId ?? 'rapport',
  brokers: readBrokers(options.brokers).map(({ host, port }) =>
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  ),
  ...(options.tls === undefined ? {} : { ssl: options.tls }),
  ...(options.sasl === undefined ? {} : { sasl: toMechanism(options.sasl) }),
  connectionTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  authenticationTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  retry: { retries: 0, initialRetryTime: 1 },
  logLevel: logLevel.NOTHING,
})
