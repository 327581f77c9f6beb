import { defaultSentimentModelName, defaultTextModelName, type TextTask } from '@rapport/contracts'

/** Of a starter model on a public data set that it has learnt nothing from. */
export interface MeasuredQuality {
  readonly accuracy: number
  /** Mean of the best probabilities: that of a calibrated model is its accuracy. */
  readonly meanConfidence: number
  readonly rows: number
}

/** A model that a release may bring, as it was measured before the release. */
export interface StarterModel {
  readonly model: string
  readonly task: TextTask
  /** Of the texts and of the way that makes the model of them; another one is another version. */
  readonly revision: string
  readonly measured: Readonly<Record<string, MeasuredQuality>>
}

/** What measures, with the public data sets in a folder. */
export const starterMeasuredBy = 'npm run quality -- starter --data DIR'

/** Figures of `starterMeasuredBy`; of sets with two labels they leave the label neutral out. */
const starterModels: readonly StarterModel[] = [
  {
    model: defaultSentimentModelName,
    task: 'sentiment',
    revision: 'c18dbd4a3ef4',
    measured: {
      chnsenticorp: { accuracy: 0.8047, meanConfidence: 0.7814, rows: 7766 },
      'sst-2': { accuracy: 0.704, meanConfidence: 0.7157, rows: 1821 },
      'online-shopping-sentiment': { accuracy: 0.8221, meanConfidence: 0.7947, rows: 62_774 },
      'sst-three-class': { accuracy: 0.5747, meanConfidence: 0.6304, rows: 2210 },
    },
  },
  {
    model: defaultTextModelName,
    task: 'text-classification',
    revision: '66d7a55d0fb2',
    measured: { 'banking77-topics': { accuracy: 0.6089, meanConfidence: 0.6292, rows: 560 } },
  },
]

/** What a sentiment model must reach, and on which sets, to be shipped. */
export const sentimentBar = { accuracy: 0.68, sets: ['chnsenticorp', 'sst-2'] } as const

/** Whether a model is good enough to answer those who have none of their own. */
export const isShipped = ({ task, measured }: StarterModel): boolean =>
  task !== 'sentiment' || sentimentBar.sets.every((set) => (measured[set]?.accuracy ?? 0) >= sentimentBar.accuracy)

/** What this release brings. */
export const shippedStarters: readonly StarterModel[] = starterModels.filter(isShipped)

export const starterVersion = ({ revision }: Pick<StarterModel, 'revision'>): string => `starter-${revision}`
