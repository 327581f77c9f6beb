import { KafkaError } from '../kafka/kafka-error.ts'

interface Described {
  readonly name: string
  readonly message: string
  readonly type?: unknown
  readonly topic?: unknown
  readonly partition?: unknown
  readonly cause?: unknown
}

const isError = (error: unknown): error is Described => error instanceof Error

/** kafkajs wraps what has failed, several times over: the innermost error says what it was. */
export function fromKafkaJs(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  let found = error
  while (isError(found) && isError(found.cause) && typeof found.type !== 'string') found = found.cause
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
