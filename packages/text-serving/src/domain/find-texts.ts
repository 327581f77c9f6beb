import type { Event, TextRule } from '@rapport/contracts'
import { itemIdsOf, readRating } from '@rapport/features'

/** A text in an event. */
export interface FoundText {
  readonly rule: TextRule
  readonly text: string
  /** The item that the event names first. */
  readonly itemId?: string
  readonly rating?: number
}

const notBlank = /\S/u

/** The texts of an event by the rules that are for it. */
export function findTexts({ type, event, properties }: Event, rules: readonly TextRule[]): readonly FoundText[] {
  if (type !== 'track' || properties === undefined) return []
  const own = rules.filter((rule) => rule.event === event)
  if (own.length === 0) return []
  const [itemId] = itemIdsOf(properties)
  const rating = readRating(properties)
  const about = { ...(itemId !== undefined && { itemId }), ...(rating !== undefined && { rating }) }
  return own.flatMap((rule) => {
    const lines = rule.properties.map((name) => properties[name]).filter(isText)
    return lines.length === 0 ? [] : [{ rule, text: lines.join('\n'), ...about }]
  })
}

const isText = (value: unknown): value is string => typeof value === 'string' && notBlank.test(value)

/** The rules of a tenant, as a stream of events needs them. */
export class RuleSet {
  readonly rules: readonly TextRule[]
  private readonly names: readonly Buffer[]

  constructor(rules: readonly TextRule[]) {
    this.rules = rules
    this.names = [...new Set(rules.map(({ event }) => event))].map((name) => Buffer.from(JSON.stringify(name)))
  }

  /** False for a record that surely has no text: most have none, and need not be parsed to know it. */
  mayMatch(value: Uint8Array): boolean {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return this.names.some((name) => bytes.includes(name))
  }
}
