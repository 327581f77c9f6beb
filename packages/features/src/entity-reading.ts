import { IsoTimes } from '@rapport/core'
import type { Member } from '@rapport/online-store'
import type { RecentItem } from './behaviour-reader.ts'
import { parts } from './layout.ts'
import type { Members } from './members.ts'
import { mergeNewest, recentByEvent } from './recent-items.ts'
import { countOf, mergeFields, type Fields } from './registers.ts'
import { CountReading } from './windows.ts'

/** All members of an entity as of a time: what several features are made of is merged once. */
export class EntityReading {
  readonly asOfMs: number
  /** Of all entities of a request. */
  readonly times: IsoTimes
  readonly #members: Members
  readonly #fields = new Map<string, Fields>()
  #recent: ReadonlyMap<string, readonly RecentItem[]> | undefined

  constructor(members: Members, asOfMs: number, times = new IsoTimes()) {
    this.asOfMs = asOfMs
    this.times = times
    this.#members = members
  }

  /** False when no event has touched any member. */
  get isKnown(): boolean {
    return this.#members.some(({ state }) => state.sequence > 0)
  }

  /** Field by field the newest register of a part; of `firstSeen`, where the oldest stay, the oldest. */
  fields(part: string): Fields {
    let fields = this.#fields.get(part)
    if (fields === undefined) {
      const states = this.#members.map(({ state }) => state)
      fields = mergeFields(states, part, part === parts.firstSeen ? -1 : 1)
      this.#fields.set(part, fields)
    }
    return fields
  }

  /** A counter of each member that has it, prepared anew. */
  counts(part: string): readonly CountReading[] {
    const found: CountReading[] = []
    for (const { state } of this.#members) {
      const count = countOf(state, part)
      if (count !== undefined) found.push(new CountReading(count, this.asOfMs))
    }
    return found
  }

  /** The members of a part that are not newer than the reading's time, newest first. */
  newest(part: string): readonly Member[] {
    return mergeNewest(this.#members, part, this.asOfMs)
  }

  /** Newest first. */
  recentItems(event: string): readonly RecentItem[] {
    this.#recent ??= recentByEvent(this.#members, this.asOfMs)
    return this.#recent.get(event) ?? []
  }
}
