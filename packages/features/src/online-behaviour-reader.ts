import type { OnlineStore } from '@rapport/online-store'
import type { BehaviourReader, TrendBucket, TrendUnitSpan, VisitorBehaviour } from './behaviour-reader.ts'
import { EntityReading } from './entity-reading.ts'
import { readOpinions } from './item-opinions.ts'
import { behaviourEvents, entities, parts, recentParts, trendStartMs, trendWidth } from './layout.ts'
import { readMembers, type Members } from './members.ts'
import { recentByEvent } from './recent-items.ts'
import { fieldsOf } from './registers.ts'
import { writtenTexts } from './text-marks.ts'

const trendParts: readonly string[] = [...behaviourEvents.map((event) => parts.trend(event)), parts.trendOther]
const visitorParts: readonly string[] = [...recentParts, parts.sentiments]

/** The reader of behaviour state over an online store. Keeps nothing between calls. */
export function createBehaviourReader(store: OnlineStore): BehaviourReader {
  return {
    async readVisitor(visitor, options = {}) {
      const [members = []] = await readMembers(store, [visitor], visitorParts)
      return toBehaviour(members, options.asOfMs)
    },
    async readStamp(visitor) {
      const [members = []] = await readMembers(store, [visitor], [])
      return stampOf(members)
    },
    readTrend: (tenant, span) => readTrend(store, tenant, span),
    readOpinions: (tenant, itemIds, asOfMs) => readOpinions(store, { tenant, itemIds, asOfMs }),
    async readClock(tenant) {
      const [state] = await store.read([{ entity: entities.clock(tenant), parts: [parts.clock] }])
      const newest = state === undefined ? undefined : fieldsOf(state, parts.clock).get('newestEvent')
      return state === undefined || newest === undefined
        ? undefined
        : { newestEventMs: newest.atMs, sequence: state.sequence }
    },
  }
}

function toBehaviour(members: Members, asOfMs: number | undefined): VisitorBehaviour {
  return {
    members: members.map(({ entity }) => entity),
    stamp: stampOf(members),
    recentByEvent: recentByEvent(members, asOfMs),
    displeasing: displeasing(members, asOfMs),
  }
}

/** By the newest text about each item; of a review with a rating that one says it. */
function displeasing(members: Members, asOfMs: number | undefined): readonly string[] {
  const newest = new Map<string, boolean>()
  for (const { itemId, rating, sentiment } of writtenTexts(
    new EntityReading(members, asOfMs ?? Number.MAX_SAFE_INTEGER),
  )) {
    if (itemId !== undefined && !newest.has(itemId))
      newest.set(itemId, rating === undefined && sentiment === 'negative')
  }
  return [...newest].filter(([, isDispleasing]) => isDispleasing).map(([itemId]) => itemId)
}

const stampOf = (members: Members): string =>
  members.map(({ entity, state }) => `${entity.kind}:${entity.id}:${state.sequence}`).join('|')

async function readTrend(store: OnlineStore, tenant: string, span: TrendUnitSpan): Promise<readonly TrendBucket[]> {
  const starts: number[] = []
  const lastMs = trendStartMs(span.unit, span.toMs)
  for (let at = trendStartMs(span.unit, span.fromMs); at <= lastMs; at += trendWidth(span.unit)) starts.push(at)
  const states = await store.read(
    starts.map((startMs) => ({ entity: entities.trend(tenant, span.unit, startMs), parts: trendParts })),
  )
  return starts.flatMap((startMs, index) => {
    const countsByEvent = new Map<string, ReadonlyMap<string, number>>()
    for (const [part, value] of states[index]?.parts ?? []) {
      if (value.op === 'tally' && value.fields.size > 0) countsByEvent.set(part.slice('tally/'.length), value.fields)
    }
    return countsByEvent.size === 0 ? [] : [{ startMs, countsByEvent }]
  })
}
