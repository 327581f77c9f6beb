import type { Subscription } from '../../event-log.ts'
import type { KafkaConnection } from './connection.ts'
import { isDenied, toKafkaError } from './kafka-error.ts'

/** Beyond every log: the broker looks at the rights first and then finds nothing to send. */
const NOWHERE = Number.MAX_SAFE_INTEGER
const LIMITS = { maxWaitMs: 0, maxBytes: 1, maxBytesPerPartition: 1 }

/**
 * A subscriber never ends by itself. What it may not do is found out before there is one, so that whoever starts it is
 * told. (The protocol tells of rights only in versions of requests that not every client has.)
 * @throws KafkaError naming the group or topic and the right that the user has not.
 */
export async function mayConsume(connection: KafkaConnection, subscription: Subscription): Promise<void> {
  const { group, topics } = subscription
  // Of nobody: it is answered that there is no such member, where the group may be read.
  let isAnswered = await ask(() => connection.heartbeat({ group, memberId: '', generation: -1 }))
  for (const topic of topics) isAnswered &&= await mayRead(connection, topic)
}

/**
 * False when nobody has said so.
 * @throws KafkaError naming the topic and the right that the user has not.
 */
export async function mayRead(connection: KafkaConnection, topic: string): Promise<boolean> {
  return ask(async () => {
    const [leader = -1] = await connection.leaders(topic)
    await connection.fetch(leader, [{ topic, partition: 0, offset: NOWHERE }], LIMITS)
  })
}

/** Trouble passes, and is not a reason against a consumer that waits for its end. */
async function ask(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request()
    return true
  } catch (error) {
    const failure = toKafkaError(error)
    if (isDenied(failure)) throw error
    return !['CONNECTION', 'REQUEST_TIMEOUT', 'AUTHENTICATION', 'CLOSED', 'CLIENT'].includes(failure.type)
  }
}
