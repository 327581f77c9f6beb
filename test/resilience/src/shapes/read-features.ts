import { featureHalfLives, featureWindows, type FeaturesRequest } from '@rapport/contracts'
import type { RapportClient } from '@rapport/sdk'
import type { Fields } from './snapshot.ts'

type Entity = FeaturesRequest['entities'][number]

const entitiesOfCall = 200
const featuresOfCall = 100

/** Everything the features API can say about every user, anonymous visitor and item of the state, a minute after the newest event. */
export async function readFeatures(client: RapportClient, state: Fields): Promise<Fields> {
  const entities = new Map<string, Entity>()
  const parts = new Set<string>()
  let newestMs = 0
  for (const [place, value] of state) {
    const [name = '', part = ''] = place.split(', ')
    const at = name.indexOf(' ')
    const kind = name.slice(0, at)
    if (kind !== 'user' && kind !== 'anonymous' && kind !== 'item') continue
    entities.set(name, { kind, id: name.slice(at + 1) })
    parts.add(part)
    const { at: time } = JSON.parse(value) as { at?: string }
    if (time !== undefined) newestMs = Math.max(newestMs, Date.parse(time))
  }
  const names = featureNames(parts)
  const asOf = new Date(newestMs + 60_000).toISOString()
  const fields: Fields = new Map()
  const all = [...entities.values()]
  for (let from = 0; from < all.length; from += entitiesOfCall) {
    for (let first = 0; first < names.length; first += featuresOfCall) {
      const request = {
        entities: all.slice(from, from + entitiesOfCall),
        features: names.slice(first, first + featuresOfCall),
        asOf,
      }
      for (const { kind, id, features } of (await client.features(request)).entities) {
        for (const [name, value] of Object.entries(features)) {
          fields.set(`${kind} ${id}, ${name}`, JSON.stringify(value))
        }
      }
    }
  }
  return fields
}

/** Every feature that reads one of the parts. */
function featureNames(parts: ReadonlySet<string>): string[] {
  const suffixesOf = (head: string): string[] =>
    [...parts].filter((part) => part.startsWith(head)).map((part) => part.slice(head.length))
  const inWindows = (name: string, suffix = ''): string[] =>
    featureWindows.map((window) => `${name}:${window}${suffix}`)
  const events = suffixesOf('newest/')
  return [
    ...events.flatMap((event) => inWindows('count', `:${event}`)),
    ...events.flatMap((event) => [`last:${event}`, `recent:${event}`]),
    ...events.flatMap((event) => featureHalfLives.map((halfLife) => `popularity:${halfLife}:${event}`)),
    ...featureHalfLives.map((halfLife) => `popularity:${halfLife}`),
    ...inWindows('orders'),
    ...inWindows('units'),
    ...suffixesOf('count/revenue:').flatMap((currency) => inWindows('revenue', `:${currency}`)),
    ...suffixesOf('count/refunds:').flatMap((currency) => inWindows('refunds', `:${currency}`)),
    'firstSeen',
    'lastSeen',
  ].sort()
}
