import type { TextSentiment } from '@rapport/contracts'
import type { EntityRef } from '@rapport/online-store'

/** Behaviour events of the Segment e-commerce spec that have parts of their own; every other event is a custom one. */
export const behaviourEvents = [
  'Product Viewed',
  'Product Clicked',
  'Product Added',
  'Product Removed',
  'Product Added to Wishlist',
  'Order Completed',
  'Order Refunded',
  'Product Reviewed',
] as const
export type BehaviourEvent = (typeof behaviourEvents)[number]

/** Calls that are counted by their type; a `track` event of the same name counts with them. */
export const countedCalls = ['identify', 'page', 'screen', 'group', 'alias'] as const

/** How much one entity keeps of each bounded part. All bounds depend on the set of events applied, never on their order. */
export const limits = {
  recentItems: 200,
  orderedItems: 1000,
  traits: 200,
  traitValueBytes: 1024,
  traitNameLength: 256,
  /** Registers of links and unlinks of one entity. */
  links: 64,
  /** Anonymous ids that are merged into one user. */
  members: 16,
  /** Names of custom events that are counted for one entity. */
  customEvents: 64,
  /** Event names whose newest time is kept. */
  seenEvents: 96,
  /** Items of one event. */
  itemsOfAnEvent: 1000,
  /** Newest texts, by what was found in them. */
  visitorTexts: 50,
  itemTexts: 200,
  /** Labels of texts that are counted for one entity. */
  textLabels: 64,
} as const

const wellKnown: ReadonlySet<string> = new Set([...behaviourEvents, ...countedCalls])
const behaviour: ReadonlySet<string> = new Set(behaviourEvents)

export const isBehaviourEvent = (name: string): name is BehaviourEvent => behaviour.has(name)
/** True for names whose counters are bounded as a group, because a client may put ids into them. */
export const isCustomEvent = (name: string): boolean => !wellKnown.has(name)

/** Prefix of the counters of custom events. */
export const customCountPrefix = 'count/custom:'

const sentimentPrefix = 'count/sentiment:'
const textLabelPrefix = 'count/text-label:'
const longestLabel = 256

const wellKnownCounts: ReadonlyMap<string, string> = new Map([...wellKnown].map((event) => [event, `count/${event}`]))
/** Stores take no NUL in a part's name. */
const customCount = (event: string): string => `${customCountPrefix}${event.replaceAll('\0', '\uFFFD')}`

/** Names of the parts. What stands before the first `/` is the operation; the same name has the same operation always. */
export const parts = {
  count: (event: string): string => wellKnownCounts.get(event) ?? customCount(event),
  orders: 'count/orders',
  /** Units sold, of an item. */
  units: 'count/units',
  /** Minor units of the currency, refunds not taken off. */
  revenue: (currency: string): string => `count/revenue:${currency}`,
  refunds: (currency: string): string => `count/refunds:${currency}`,
  /** Of an item: how many reviews have a rating, and these in hundredths, added up. */
  ratings: 'count/ratings',
  ratingSum: 'count/rating-sum',
  /** Texts of a sentiment, by visitor and by item. */
  sentiment: (label: TextSentiment): string => `${sentimentPrefix}${label}`,
  /** Texts of a label. */
  textLabel: (label: string): string => `${textLabelPrefix}${label.slice(0, longestLabel).replaceAll('\0', '\uFFFD')}`,
  /** Members are messageIds of what was found in texts, values `TextMark`s; the same text has the same messageId in both. */
  sentiments: 'newest/sentiments',
  textLabels: 'newest/text-labels',
  /** Members are item ids; the value is null, or `disliked` (see `isDislike`). */
  recent: (event: BehaviourEvent): string => `newest/${event}`,
  /** Items of custom events; the value is the event's name. */
  recentOther: 'newest/other',
  traits: 'latest/traits',
  /** Fields are event names, values null: the newest event of each name. */
  seen: 'latest/seen',
  /** One field, `at`: the first event. */
  firstSeen: 'earliest/seen',
  /** Fields are the other ids of the pair: user ids on an anonymous entity, anonymous ids on a user. */
  firstLinks: 'earliest/links',
  newestLinks: 'latest/links',
  newestUnlinks: 'latest/unlinks',
  /** Fields are item ids. */
  trend: (event: BehaviourEvent): string => `tally/${event}`,
  /** Items of custom events. */
  trendOther: 'tally/other',
  /** One field, `newestEvent`. */
  clock: 'latest/clock',
} as const

/** Bounds the counters of labels, of which a model may know any number. */
export const textLabelSample = { prefix: textLabelPrefix, keep: limits.textLabels }

/** Value of a member of a `recent` part. */
export const dislikedValue = 'disliked'

export const linkParts: readonly string[] = [parts.firstLinks, parts.newestLinks, parts.newestUnlinks]
export const recentParts: readonly string[] = [
  ...behaviourEvents.map((event) => parts.recent(event)),
  parts.recentOther,
]

/** The sentiment, or the label, whose texts a part counts. */
export const sentimentOfCount = (part: string): string | undefined =>
  part.startsWith(sentimentPrefix) ? part.slice(sentimentPrefix.length) : undefined
export const textLabelOfCount = (part: string): string | undefined =>
  part.startsWith(textLabelPrefix) ? part.slice(textLabelPrefix.length) : undefined

const revenuePrefix = parts.revenue('')
const refundsPrefix = parts.refunds('')

/** The event's name of a counter part; undefined for orders, units and money. */
export function eventOfCount(part: string): string | undefined {
  if (part.startsWith(customCountPrefix)) return part.slice(customCountPrefix.length)
  const name = part.startsWith('count/') ? part.slice('count/'.length) : ''
  return wellKnown.has(name) ? name : undefined
}

export const currencyOfRevenue = (part: string): string | undefined =>
  part.startsWith(revenuePrefix) ? part.slice(revenuePrefix.length) : undefined
export const currencyOfRefunds = (part: string): string | undefined =>
  part.startsWith(refundsPrefix) ? part.slice(refundsPrefix.length) : undefined

export const hourMs = 60 * 60 * 1000
export const dayMs = 24 * hourMs

export type TrendUnit = 'hour' | 'day'
const trendWidthMs: Readonly<Record<TrendUnit, number>> = { hour: hourMs, day: dayMs }

/** Start of the UTC hour or day that `atMs` falls into. */
export const trendStartMs = (unit: TrendUnit, atMs: number): number =>
  Math.floor(atMs / trendWidthMs[unit]) * trendWidthMs[unit]
export const trendWidth = (unit: TrendUnit): number => trendWidthMs[unit]

/** References to entities; the only place that names their kinds. */
export const entities = {
  user: (tenant: string, id: string): EntityRef => ({ tenant, kind: 'user', id }),
  anonymous: (tenant: string, id: string): EntityRef => ({ tenant, kind: 'anonymous', id }),
  item: (tenant: string, id: string): EntityRef => ({ tenant, kind: 'item', id }),
  /** The bucket that `atMs` falls into; its id is the bucket's start. */
  trend: (tenant: string, unit: TrendUnit, atMs: number): EntityRef => ({
    tenant,
    kind: unit === 'hour' ? 'trend-hour' : 'trend-day',
    id: String(trendStartMs(unit, atMs)),
  }),
  /** Has nothing but the messageIds that the author's sentiments (or labels) had lately. */
  textWindow: (kind: 'sentiment' | 'text-label', author: EntityRef): EntityRef => ({
    tenant: author.tenant,
    kind: `${kind}-window`,
    id: `${author.kind}/${author.id}`,
  }),
  clock: (tenant: string): EntityRef => ({ tenant, kind: 'tenant', id: 'tenant' }),
} as const
