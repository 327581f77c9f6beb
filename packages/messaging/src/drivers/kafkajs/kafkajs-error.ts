import { KafkaError } from '../kafka/kafka-error.ts'

interface Described {
  readonly name: string
  readonly message: string
  readonly type?: unknown
  readonly topic?: unknown
  readonly partition?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

const isError = (error: unknown): error is Described => error instanceof Error

/** What it wraps: several topics that were not created are one error. */
function innerOf({ type, cause, errors }: Described): unknown {
  if (typeof type === 'string') return undefined
  return Array.isArray(errors) ? errors[0] : cause
}

/** kafkajs wraps what has failed, several times over: the innermost error says what it was. */
export function fromKafkaJs(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  let found = error
  for (let inner: unknown = found; isError(inner); inner = innerOf(inner)) found = inner
  if (!isError(found)) return new KafkaError('CLIENT', String(found), { cause: error })
  const { name, message, type, topic, partition } = found
  if (typeof type === 'string') {
    const place = typeof topic === 'string' && typeof partition === 'number' ? { place: { topic, partition } } : {}
    return new KafkaError(type, message, { cause: error, ...place })
  }
  if (name.includes('Authentication')) return new KafkaError('AUTHENTICATION', message, { cause: error })
  if (name.includes('RequestTimeout')) return new KafkaError('REQUEST_TIMEOUT', message, { cause: error })
  if (name.includes('Connection') || name.includes('Broker')) {
    return new KafkaError('CONNECTION', message, { cause: error })
  }
  return new KafkaError('CLIENT', message, { cause: error })
}
