import { SASLMechanisms, type ConnectionOptions } from '@platformatic/kafka'
import { CONNECT_TIMEOUT_MS, type KafkaClientOptions } from '../kafka/client-options.ts'

/** Each request has a time-out of its own: the client knows one for all, and joining a group takes longer than the rest. */
const NO_TIMEOUT_MS = 2 ** 31 - 1
const MAX_REQUESTS_IN_FLIGHT = 64

const mechanisms = {
  plain: SASLMechanisms.PLAIN,
  'scram-sha-256': SASLMechanisms.SCRAM_SHA_256,
  'scram-sha-512': SASLMechanisms.SCRAM_SHA_512,
}

/** The client's options for these. */
export const toConnectionOptions = ({ tls, sasl, connectTimeoutMs }: KafkaClientOptions): ConnectionOptions => ({
  connectTimeout: connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  requestTimeout: NO_TIMEOUT_MS,
  maxInflights: MAX_REQUESTS_IN_FLIGHT,
  ...(tls === undefined || tls === false ? {} : { tls: tls === true ? {} : tls }),
  ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: mechanisms[sasl.mechanism] } }),
})
