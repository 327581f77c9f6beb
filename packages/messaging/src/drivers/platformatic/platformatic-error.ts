import { AuthenticationError, ProtocolError, ResponseError } from '@platformatic/kafka'
import type { TopicPartition } from '../../event-log.ts'
import { isCertainlyNotWritten, KafkaError } from '../kafka/kafka-error.ts'

interface Refusal {
  readonly apiId: string
  readonly path: string
  readonly serverErrorMessage: string | null
  readonly message: string
}

/** A request that the broker has answered with an error, and the whole answer: records and all, so it goes into no log. */
export class AnsweredError extends KafkaError {
  readonly #answer: unknown

  constructor(type: string, message: string, options: { place?: TopicPartition | undefined; answer: unknown }) {
    super(type, message, options.place === undefined ? {} : { place: options.place })
    this.#answer = options.answer
  }

  get answer(): unknown {
    return this.#answer
  }
}

/** What has failed, by the protocol's name where the broker has said so. */
export function fromPlatformatic(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  if (error instanceof ResponseError) return fromResponse(error)
  const chain = causesOf(error)
  const said = chain.map(textOf).filter((text, index, texts) => text !== '' && texts.indexOf(text) === index)
  const hasAnswer = chain.some((cause) => cause instanceof ResponseError)
  return new KafkaError(typeOf(chain), said.join(': '), hasAnswer ? {} : { cause: error })
}

/** An answer may tell of several errors, of which one is given on. */
function fromResponse(error: ResponseError): KafkaError {
  const answer: unknown = error['response']
  // What a broker says of single records repeats what it says of their batch, without a code.
  const refusals = (error.errors as Refusal[]).filter(({ path }) => !path.includes('/record_errors/'))
  const failures = refusals.map(({ apiId, serverErrorMessage, message, path }) => {
    const type = NAMES.get(apiId) ?? apiId
    const place = placeOf(answer, path)
    return new AnsweredError(type, serverErrorMessage ?? message, { place, answer })
  })
  // One that leaves open what was written says more than one that does not.
  const open = failures.find((failure) => !isCertainlyNotWritten(failure))
  return open ?? failures[0] ?? new KafkaError('CLIENT', error.message)
}

/** Errors that have another name in the driver: that of older versions of the protocol. */
const NAMES = new Map([['NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_FOR_PARTITION']])

function placeOf(response: unknown, path: string): TopicPartition | undefined {
  const [, topicIndex, partitionIndex] = /^\/responses\/(\d+)\/partitions\/(\d+)$/.exec(path) ?? []
  const { responses } = response as {
    responses?: readonly { topicId: string; partitions: readonly { partitionIndex: number }[] }[]
  }
  const topic = responses?.[Number(topicIndex)]
  const partition = topic?.partitions[Number(partitionIndex)]
  return topic === undefined || partition === undefined
    ? undefined
    : { topic: topic.topicId, partition: partition.partitionIndex }
}

function typeOf(chain: readonly unknown[]): string {
  const isRefused = chain.some(
    (error) =>
      error instanceof ProtocolError &&
      ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM'].includes(error['apiId']),
  )
  if (isRefused) return 'AUTHENTICATION'
  // A connection that was lost while it was logging in says nothing of the credentials.
  const root = chain.at(-1)
  if (root instanceof AuthenticationError) return 'AUTHENTICATION'
  return chain.some((error) => error instanceof Error && 'code' in error && isOfTheWay(String(error.code)))
    ? 'CONNECTION'
    : 'CLIENT'
}

const isOfTheWay = (code: string): boolean => code === 'PLT_KFK_NETWORK' || !code.startsWith('PLT_KFK_')

/** The error and what led to it, outermost first. */
function causesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [error]
  const inner: unknown = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined)
  return inner === undefined ? [error] : [error, ...causesOf(inner)]
}

const textOf = (error: unknown): string =>
  error instanceof Error ? error.message || ('code' in error ? String(error.code) : '') : String(error)
