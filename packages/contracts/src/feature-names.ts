import { Type } from 'typebox'
import { textSentiments } from './labelled-texts.ts'

export const featureWindows = ['1h', '24h', '7d', '30d', 'all'] as const
export type FeatureWindow = (typeof featureWindows)[number]

/** After which a count weighs half in a popularity. */
export const featureHalfLives = ['1h', '24h', '7d'] as const
export type FeatureHalfLife = (typeof featureHalfLives)[number]

const inWindow = `(?:${featureWindows.join('|')})`
const text = String.raw`[^\x00-\x1f]{1,256}`

/** The whole grammar of feature names, as a regular expression of JSON Schema: what matches it is a feature. */
export const featureNamePattern = `^(?:${[
  `count:${inWindow}:${text}`,
  `(?:orders|units):${inWindow}`,
  `(?:revenue|refunds):${inWindow}:[A-Z]{3}`,
  `popularity:(?:${featureHalfLives.join('|')})(?::${text})?`,
  `(?:last|recent|trait):${text}`,
  'lastSeen',
  'firstSeen',
  `(?:sentiment|negativeShare|rating|ratings):${inWindow}`,
  `sentiments:${inWindow}:(?:${textSentiments.join('|')})`,
  `textLabels:${inWindow}:${text}`,
  'lastSentiment',
  'topComplaint',
].join('|')})$`

/** A feature by its name. Names are text, so that clients can store them. */
export const FeatureNameSchema = Type.String({
  pattern: featureNamePattern,
  description:
    '`count:<window>:<event>`, `orders:<window>`, `units:<window>`, `revenue:<window>:<currency>`, `refunds:<window>:<currency>`, ' +
    '`popularity:<half-life>[:<event>]`, `last:<event>`, `recent:<event>`, `trait:<name>`, `lastSeen`, `firstSeen`; of the texts that a visitor writes, or that are written about an item, ' +
    '`sentiment:<window>` (mean from -1 to 1), `sentiments:<window>:<sentiment>`, `negativeShare:<window>`, `textLabels:<window>:<label>`, ' +
    '`lastSentiment`, `topComplaint` (the label of most of the newest negative texts); of an item `rating:<window>` (mean), `ratings:<window>`. ' +
    `Windows: ${featureWindows.join(', ')}. Half-lives: ${featureHalfLives.join(', ')}. Money is in minor units of the currency.`,
})
