import { featureNamePattern, type TextSentiment } from '@rapport/contracts'
import type { HalfLife, Window } from './windows.ts'

/** A feature by name, taken apart. */
export type Feature =
  | { readonly kind: 'count'; readonly window: Window; readonly event: string }
  | { readonly kind: 'orders' | 'units'; readonly window: Window }
  | { readonly kind: 'revenue' | 'refunds'; readonly window: Window; readonly currency: string }
  | { readonly kind: 'popularity'; readonly halfLife: HalfLife; readonly event?: string }
  | { readonly kind: 'last' | 'recent'; readonly event: string }
  | { readonly kind: 'trait'; readonly name: string }
  | { readonly kind: 'lastSeen' | 'firstSeen' }
  | { readonly kind: 'sentiment' | 'negativeShare' | 'rating' | 'ratings'; readonly window: Window }
  | { readonly kind: 'sentiments'; readonly window: Window; readonly sentiment: TextSentiment }
  | { readonly kind: 'textLabels'; readonly window: Window; readonly label: string }
  | { readonly kind: 'lastSentiment' | 'topComplaint' }

const pattern = new RegExp(featureNamePattern, 'u')

/**
 * Reads a feature's name: `count:<window>:<event>`, `orders:<window>`, `units:<window>`, `revenue:<window>:<currency>`,
 * `refunds:<window>:<currency>`, `popularity:<half-life>[:<event>]`, `last:<event>`, `recent:<event>`, `trait:<name>`,
 * `lastSeen`, `firstSeen`, `sentiment:<window>`, `sentiments:<window>:<sentiment>`, `negativeShare:<window>`,
 * `rating:<window>`, `ratings:<window>`, `textLabels:<window>:<label>`, `lastSentiment`, `topComplaint`. Undefined when it is
 * none of them.
 */
export function readFeatureName(name: string): Feature | undefined {
  if (!pattern.test(name)) return undefined
  const [kind = '', ...rest] = name.split(':')
  const [first = ''] = rest
  const tail = rest.slice(1).join(':')
  switch (kind) {
    case 'count':
      return { kind, window: first as Window, event: tail }
    case 'orders':
    case 'units':
      return { kind, window: first as Window }
    case 'revenue':
    case 'refunds':
      return { kind, window: first as Window, currency: tail }
    case 'popularity':
      return { kind, halfLife: first as HalfLife, ...(tail === '' ? {} : { event: tail }) }
    case 'last':
    case 'recent':
      return { kind, event: rest.join(':') }
    case 'trait':
      return { kind, name: rest.join(':') }
    case 'lastSeen':
    case 'firstSeen':
    case 'lastSentiment':
    case 'topComplaint':
      return { kind }
    case 'sentiment':
    case 'negativeShare':
    case 'rating':
    case 'ratings':
      return { kind, window: first as Window }
    case 'sentiments':
      return { kind, window: first as Window, sentiment: tail as TextSentiment }
    case 'textLabels':
      return { kind, window: first as Window, label: tail }
    default:
      return undefined
  }
}
