import { identityUnlinkedEvent, type Event } from '@rapport/contracts'
import { isBlockedId } from './blocked-ids.ts'

/** That two ids are one visitor, or are so no longer. */
export interface IdentityStatement {
  readonly kind: 'link' | 'unlink'
  readonly userId: string
  readonly anonymousId: string
}

export const isUnlink = (event: Event): boolean => event.type === 'track' && event.event === identityUnlinkedEvent

/**
 * What an event says of identity. Any event with both ids links them; `alias` links `previousId`, taken as an anonymous
 * id; the `track` event `Identity Unlinked` undoes the link of its user with `properties.anonymousId`. Values that
 * broken clients send in place of ids say nothing.
 */
export function identityOf(event: Event): IdentityStatement | undefined {
  const { userId } = event
  const unlink = isUnlink(event)
  const anonymousId = otherId(event, unlink)
  if (userId === undefined || anonymousId === undefined || isBlockedId(userId) || isBlockedId(anonymousId))
    return undefined
  return { kind: unlink ? 'unlink' : 'link', userId, anonymousId }
}

function otherId(event: Event, unlink: boolean): string | undefined {
  if (event.type === 'alias') return event.previousId
  if (!unlink) return event.anonymousId
  const named = event.properties?.['anonymousId']
  return typeof named === 'string' && named.length > 0 && named.length <= 256 ? named : event.anonymousId
}
