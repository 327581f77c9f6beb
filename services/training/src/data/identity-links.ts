import { type Event, identityUnlinkedEvent } from '@rapport/contracts'
import { isBlockedId, limits } from '@rapport/features'

type Moment = readonly [atMs: number, messageId: string]

interface Pair {
  readonly userId: string
  readonly anonymousId: string
  first: Moment | undefined
  newestLink: Moment | undefined
  newestUnlink: Moment | undefined
}

function compareMoments([atA, idA]: Moment, [atB, idB]: Moment): number {
  if (atA !== atB) return atA - atB
  return idA < idB ? -1 : Number(idA > idB)
}

const never: Moment = [Number.POSITIVE_INFINITY, '']
const compareText = (left: string, right: string): number => (left < right ? -1 : Number(left > right))

const newer = (standing: Moment | undefined, moment: Moment): Moment =>
  standing === undefined || compareMoments(moment, standing) > 0 ? moment : standing

/** A link that was never undone, or was made again after it was. */
const isActive = ({ first, newestLink, newestUnlink }: Pair): boolean =>
  first !== undefined &&
  newestLink !== undefined &&
  (newestUnlink === undefined || compareMoments(newestLink, newestUnlink) > 0)

/**
 * Which anonymous ids belong to which user, by the rules by which online state is read: the first active link of an
 * anonymous id wins, a user has at most 16 members (the first linked), blocked values never link, links can be undone.
 */
export class IdentityLinks {
  readonly #pairs = new Map<string, Pair>()

  /** Takes in what an event says of identity. */
  add(event: Event, atMs: number): void {
    const { userId, messageId } = event
    const isUnlink = event.type === 'track' && event.event === identityUnlinkedEvent
    const anonymousId = otherId(event, isUnlink)
    if (userId === undefined || anonymousId === undefined || isBlockedId(userId) || isBlockedId(anonymousId)) return
    const key = JSON.stringify([userId, anonymousId])
    const pair = this.#pairs.get(key) ?? {
      userId,
      anonymousId,
      first: undefined,
      newestLink: undefined,
      newestUnlink: undefined,
    }
    this.#pairs.set(key, pair)
    const moment: Moment = [atMs, messageId]
    if (isUnlink) {
      pair.newestUnlink = newer(pair.newestUnlink, moment)
      return
    }
    pair.newestLink = newer(pair.newestLink, moment)
    if (pair.first === undefined || compareMoments(moment, pair.first) < 0) pair.first = moment
  }

  /** The user of every anonymous id that belongs to one. */
  owners(): ReadonlyMap<string, string> {
    const active = [...this.#pairs.values()].filter(isActive).sort((left, right) => {
      const byTime = compareMoments(left.first ?? never, right.first ?? never)
      return byTime || compareText(left.userId, right.userId) || compareText(left.anonymousId, right.anonymousId)
    })
    const owners = new Map<string, string>()
    const memberCounts = new Map<string, number>()
    const beyondLimit = new Set<string>()
    for (const { userId, anonymousId } of active) {
      const members = memberCounts.get(userId) ?? 0
      memberCounts.set(userId, members + 1)
      // The first active link decides, also when its user is full: then the id stands alone.
      if (owners.has(anonymousId) || beyondLimit.has(anonymousId)) continue
      if (members < limits.members) owners.set(anonymousId, userId)
      else beyondLimit.add(anonymousId)
    }
    return owners
  }
}

function otherId(event: Event, isUnlink: boolean): string | undefined {
  if (event.type === 'alias') return event.previousId
  if (!isUnlink) return event.anonymousId
  const named = event.properties?.['anonymousId']
  return typeof named === 'string' && named.length > 0 && named.length <= 256 ? named : event.anonymousId
}
