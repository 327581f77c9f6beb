import type { Event } from '@rapport/contracts'
import { compareMoments, identityOf, isActiveLink, limits, type Moment } from '@rapport/features'

interface Pair {
  readonly userId: string
  readonly anonymousId: string
  first: Moment | undefined
  newestLink: Moment | undefined
  newestUnlink: Moment | undefined
}

const compareText = (left: string, right: string): number => (left < right ? -1 : Number(left > right))

const newer = (standing: Moment | undefined, moment: Moment): Moment =>
  standing === undefined || compareMoments(moment, standing) > 0 ? moment : standing

/**
 * Which anonymous ids belong to which user, by the rules by which online state is read: the first active link of an
 * anonymous id wins, a user has at most 16 members (the first linked), blocked values never link, links can be undone.
 */
export class IdentityLinks {
  readonly #pairs = new Map<string, Pair>()

  /** Takes in what an event says of identity. */
  add(event: Event, atMs: number): void {
    const statement = identityOf(event)
    if (statement === undefined) return
    const { kind, userId, anonymousId } = statement
    const key = JSON.stringify([userId, anonymousId])
    const pair = this.#pairs.get(key) ?? {
      userId,
      anonymousId,
      first: undefined,
      newestLink: undefined,
      newestUnlink: undefined,
    }
    this.#pairs.set(key, pair)
    const moment: Moment = { atMs, messageId: event.messageId }
    if (kind === 'unlink') {
      pair.newestUnlink = newer(pair.newestUnlink, moment)
      return
    }
    pair.newestLink = newer(pair.newestLink, moment)
    if (pair.first === undefined || compareMoments(moment, pair.first) < 0) pair.first = moment
  }

  /** The user of every anonymous id that belongs to one. */
  owners(): ReadonlyMap<string, string> {
    const active = [...this.#pairs.values()]
      .flatMap(({ first, newestLink, newestUnlink, ...ids }) =>
        first !== undefined && isActiveLink(newestLink, newestUnlink) ? [{ ...ids, first }] : [],
      )
      .sort((left, right) => {
        const byTime = compareMoments(left.first, right.first)
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
