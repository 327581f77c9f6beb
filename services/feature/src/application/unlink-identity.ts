import { randomUUID } from 'node:crypto'
import { eventKey, identityUnlinkedEvent, topics, type Event } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'

export interface UnlinkRequest {
  readonly tenant: string
  readonly source: string
  readonly userId: string
  readonly anonymousId: string
}

/**
 * Publishes the event that undoes the link of two ids, and resolves with its messageId when it is durable. It is an
 * event like any other, so that a rebuild undoes the link too; a later event with both ids links them again.
 */
export async function unlinkIdentity(
  { eventLog, clock }: { readonly eventLog: EventLog; readonly clock: Clock },
  { tenant, source, userId, anonymousId }: UnlinkRequest,
): Promise<{ messageId: string }> {
  const now = new Date(clock.now()).toISOString()
  const event: Event = {
    messageId: randomUUID(),
    tenant,
    source,
    type: 'track',
    event: identityUnlinkedEvent,
    userId,
    properties: { anonymousId },
    timestamp: now,
    originalTimestamp: now,
    receivedAt: now,
    version: 1,
  }
  await eventLog.publish([
    { topic: topics.events.name, key: eventKey(event), value: Buffer.from(JSON.stringify(event)) },
  ])
  return { messageId: event.messageId }
}
