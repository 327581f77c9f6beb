import type { Event } from '@rapport/contracts'

/**
 * What the tests' events do, told apart by the entity that it is done to; items also by what is counted. `links` are the
 * statements on both ids of a pair, `clock` the newest event of the tenant.
 */
export const effectKinds = ['visitors', 'items', 'units', 'revenue', 'trends', 'links', 'clock'] as const
export type EffectKind = (typeof effectKinds)[number]

/** Amounts by kind and by where they are counted. */
export type Effects = Readonly<Record<EffectKind, Map<string, number>>>

export interface EffectTally {
  /** Everything that is counted. */
  readonly applied: number
  readonly unapplied: number
  /** Counted beyond what the events say. */
  readonly appliedTwice: number
}

type Entity = readonly [kind: string, id: string]
type JsonObject = Readonly<Record<string, unknown>>

const noEffects = (): Effects => ({
  visitors: new Map(),
  items: new Map(),
  units: new Map(),
  revenue: new Map(),
  trends: new Map(),
  links: new Map(),
  clock: new Map(),
})

function add(amounts: Map<string, number>, path: readonly string[], amount: number): void {
  const key = path.join(' | ')
  amounts.set(key, (amounts.get(key) ?? 0) + amount)
}

/** A register holds one event of those that were applied to it: the first or the last by (timestamp, messageId). */
class Registers {
  readonly #holders = new Map<string, { readonly path: readonly string[]; readonly event: Event }>()

  offer(event: Event, holds: 'earliest' | 'latest', path: readonly string[]): void {
    const key = JSON.stringify(path)
    const standing = this.#holders.get(key)
    if (standing === undefined || isBefore(event, standing.event) === (holds === 'earliest'))
      this.#holders.set(key, { path, event })
  }

  addTo(amounts: Map<string, number>): void {
    for (const { path, event } of this.#holders.values()) add(amounts, [...path, event.messageId], 1)
  }
}

function isBefore(one: Event, other: Event): boolean {
  const [oneMs, otherMs] = [Date.parse(one.timestamp), Date.parse(other.timestamp)]
  return oneMs === otherMs ? one.messageId < other.messageId : oneMs < otherMs
}

const known: ReadonlySet<string> = new Set(['Product Viewed', 'Product Added', 'Order Completed', 'identify', 'page'])
const hourMs = 3_600_000

interface Line {
  readonly item: string
  readonly quantity: number
  readonly amountMinor: number
}

function linesOf({ product_id: item, products }: JsonObject): Line[] {
  if (typeof item === 'string') return [{ item, quantity: 1, amountMinor: 0 }]
  return ((products ?? []) as { product_id: string; quantity: number; price: number }[]).map(
    ({ product_id, quantity, price }) => ({
      item: product_id,
      quantity,
      amountMinor: Math.round(price * quantity * 100),
    }),
  )
}

/**
 * What these events must have done when each took effect on each of its entities once. Written after the documentation
 * and for what the tests send, and not with the service's own functions, which may be wrong.
 *
 * @param events Each once, of a client's duplicates the one with the lowest offset.
 * @throws for events whose effects it does not know.
 */
export function expectedEffects(events: Iterable<Event>): Effects {
  const effects = noEffects()
  const [links, clock] = [new Registers(), new Registers()]
  for (const event of events) {
    const name = event.type === 'track' ? (event.event ?? '') : event.type
    if (!known.has(name)) throw new Error(`the checker does not know what ${JSON.stringify(name)} does`)
    const { userId, anonymousId = '' } = event
    const visitor: Entity = userId === undefined ? ['anonymous', anonymousId] : ['user', userId]
    add(effects.visitors, [...visitor, `count/${name}`], 1)
    addLines(effects, { event, name, visitor })
    if (userId !== undefined && anonymousId !== '') {
      add(effects.links, ['anonymous', anonymousId, 'statements'], 1)
      for (const holds of ['earliest', 'latest'] as const) {
        links.offer(event, holds, ['user', userId, `${holds}/links`, anonymousId])
        links.offer(event, holds, ['anonymous', anonymousId, `${holds}/links`, userId])
      }
    }
    clock.offer(event, 'latest', ['tenant', 'tenant', 'latest/clock', 'newestEvent'])
  }
  links.addTo(effects.links)
  clock.addTo(effects.clock)
  return effects
}

interface NamedEvent {
  readonly event: Event
  readonly name: string
  readonly visitor: Entity
}

function addLines(effects: Effects, { event, name, visitor }: NamedEvent): void {
  const lines = linesOf(event.properties ?? {})
  const atMs = Date.parse(event.timestamp)
  for (const { item, quantity, amountMinor } of lines) {
    add(effects.items, ['item', item, `count/${name}`], 1)
    for (const [unit, widthMs] of [
      ['hour', hourMs],
      ['day', 24 * hourMs],
    ] as const) {
      add(effects.trends, [`trend-${unit}`, String(atMs - (atMs % widthMs)), `tally/${name}`, item], 1)
    }
    if (name !== 'Order Completed') continue
    const part = `count/revenue:${String(event.properties?.['currency'])}`
    add(effects.units, ['item', item, 'count/units'], quantity)
    add(effects.revenue, ['item', item, part], amountMinor)
    add(effects.revenue, [...visitor, part], amountMinor)
  }
  if (name === 'Order Completed') add(effects.visitors, [...visitor, 'count/orders'], 1)
}

/** What a state that was exported (`GET /v1/state/export`) says. */
export function standingEffects(exported: Iterable<string>): Effects {
  const effects = noEffects()
  for (const line of exported) {
    const { kind, id, part, field, amount, sequence, messageId } = JSON.parse(line) as Record<string, unknown>
    const entity: Entity = [String(kind), String(id)]
    // What was applied to a visitor without a name is its own events, which its counters tell, and its links.
    if (part === undefined && kind === 'anonymous') add(effects.links, [...entity, 'statements'], Number(sequence))
    if (typeof part !== 'string') continue
    if (part.startsWith('count/') && field === 'total') addCount(effects, { entity, part, amount: Number(amount) })
    else if (part.startsWith('tally/')) add(effects.trends, [...entity, part, String(field)], Number(amount))
    else if (part.endsWith('/links') || part.endsWith('/unlinks'))
      add(effects.links, [...entity, part, String(field), String(messageId)], 1)
    else if (part === 'latest/clock') add(effects.clock, [...entity, part, String(field), String(messageId)], 1)
  }
  return effects
}

interface Count {
  readonly entity: Entity
  readonly part: string
  readonly amount: number
}

function addCount(effects: Effects, { entity, part, amount }: Count): void {
  const isMoney = part.startsWith('count/revenue:') || part.startsWith('count/refunds:')
  const isEvent = !isMoney && part !== 'count/orders' && part !== 'count/units'
  const kind = isMoney ? 'revenue' : part === 'count/units' ? 'units' : entity[0] === 'item' ? 'items' : 'visitors'
  add(effects[kind], [...entity, part], amount)
  if (isEvent && entity[0] === 'anonymous') add(effects.links, [...entity, 'statements'], -amount)
}

/** Where expected and standing effects differ, added up by kind. */
export function compareEffects(expected: Effects, standing: Effects): Record<EffectKind, EffectTally> {
  const compared = effectKinds.map((kind) => [kind, compareAmounts(expected[kind], standing[kind])] as const)
  return Object.fromEntries(compared) as Record<EffectKind, EffectTally>
}

function compareAmounts(expected: ReadonlyMap<string, number>, standing: ReadonlyMap<string, number>): EffectTally {
  let [applied, unapplied, appliedTwice] = [0, 0, 0]
  for (const key of new Set([...expected.keys(), ...standing.keys()])) {
    const amount = standing.get(key) ?? 0
    const difference = amount - (expected.get(key) ?? 0)
    applied += amount
    unapplied += Math.max(0, -difference)
    appliedTwice += Math.max(0, difference)
  }
  return { applied, unapplied, appliedTwice }
}

/** The first places where they differ, for whoever has to find out why. */
export function listDifferences(expected: Effects, standing: Effects, most = 10): string[] {
  const places = effectKinds.flatMap((kind) => {
    const keys = new Set([...expected[kind].keys(), ...standing[kind].keys()])
    return [...keys].flatMap((key) => {
      const [must, is] = [expected[kind].get(key) ?? 0, standing[kind].get(key) ?? 0]
      return must === is ? [] : [`${kind}: ${key}: ${is} instead of ${must}`]
    })
  })
  return places.slice(0, most)
}
