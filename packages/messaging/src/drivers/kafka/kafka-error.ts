import { RapportError } from '@rapport/core'

/**
 * A request to Kafka that failed. `type` is the protocol's name of the error, or what happened on the way: `CONNECTION`,
 * `REQUEST_TIMEOUT`, `AUTHENTICATION`, `CLOSED`, `UNREADABLE_BATCH`, or `CLIENT` for anything else.
 */
export class KafkaError extends RapportError {
  override readonly name = 'KafkaError'
  readonly type: string
  /** Where it happened, where that is one partition of what was fetched. */
  readonly place: { readonly topic: string; readonly partition: number } | undefined

  constructor(
    type: string,
    message: string,
    options: ErrorOptions & { place?: { topic: string; partition: number } } = {},
  ) {
    super('RPT_KAFKA_REQUEST', `${type}: ${message}`, { cause: options.cause, canRetry: !isRefusal(type) })
    this.type = type
    this.place = options.place
  }

  /** The credentials are refused, whatever was asked for: nothing of it is said by that. */
  get isLoginRefused(): boolean {
    return LOGIN_REFUSALS.has(this.type)
  }
}

const LOGIN_REFUSALS = new Set(['AUTHENTICATION', 'SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM'])

/** What no later attempt of the same request changes. Everything else may pass: brokers restart, leaders move. */
const REFUSALS = new Set([
  'AUTHENTICATION',
  'CLOSED',
  'UNREADABLE_BATCH',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'OFFSET_METADATA_TOO_LARGE',
])

const isRefusal = (type: string): boolean => REFUSALS.has(type)

/** The broker no longer knows the producer as it knows itself: go on under a new identity, from sequence 0. */
const LOST_IDENTITY = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'PRODUCER_FENCED',
])

/** The broker has let nothing in: the records are known not to be written by this attempt. */
const NOT_WRITTEN = new Set([
  ...LOST_IDENTITY,
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NOT_ENOUGH_REPLICAS',
])

/** The member is no longer one of its group as the group is now. */
const LOST_MEMBERSHIP = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
  'REBALANCE_IN_PROGRESS',
])

export const hasLostIdentity = ({ type }: KafkaError): boolean => LOST_IDENTITY.has(type)
export const isCertainlyNotWritten = ({ type }: KafkaError): boolean => NOT_WRITTEN.has(type) || isRefusal(type)
export const isTooLarge = ({ type }: KafkaError): boolean =>
  type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE'
export const hasLostMembership = ({ type }: KafkaError): boolean => LOST_MEMBERSHIP.has(type)

/** The broker cannot read its own log there; error -1 has a name of its own in each client. */
export const isLogDamaged = ({ type }: KafkaError): boolean =>
  ['CORRUPT_MESSAGE', 'KAFKA_STORAGE_ERROR', 'UNKNOWN', 'UNKNOWN_SERVER_ERROR'].includes(type)

/** The cluster knows the user and does not allow it what it has asked for. */
export const isDenied = ({ type }: KafkaError): boolean => type.endsWith('_AUTHORIZATION_FAILED')

export const toKafkaError = (error: unknown): KafkaError =>
  error instanceof KafkaError
    ? error
    : new KafkaError('CLIENT', error instanceof Error ? error.message : String(error), { cause: error })
