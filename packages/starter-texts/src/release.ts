import {
  defaultSentimentModelName,
  defaultTextModelName,
  starterTenant,
  type TextTask,
  type TrainingJob,
} from '@rapport/contracts'

/** Of a starter model on a public data set, no text of which it has learnt. */
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
  /** Grows by one with each release that brings another revision: a version is never replaced by that of an earlier one. */
  readonly release: number
  /** Of the texts, of the way that makes the model of them and of what it answers; another one is another version. */
  readonly revision: string
  readonly measured: Readonly<Record<string, MeasuredQuality>>
  /** The measured sets with an eye on which recipe, temperature and grammars were chosen: on others it may be worse than there. */
  readonly chosenOn: readonly string[]
}

/** What measures, with the public data sets in a folder. */
export const starterMeasuredBy = 'npm run quality -- starter --data DIR'

/** Figures of `starterMeasuredBy`; of sets with two labels they leave the label neutral out. */
const starterModels: readonly StarterModel[] = [
  {
    model: defaultSentimentModelName,
    task: 'sentiment',
    release: 1,
    revision: '34230642886a',
    measured: {
      chnsenticorp: { accuracy: 0.8047, meanConfidence: 0.7814, rows: 7766 },
      'sst-2': { accuracy: 0.704, meanConfidence: 0.7157, rows: 1821 },
      'online-shopping-sentiment': { accuracy: 0.8221, meanConfidence: 0.7947, rows: 62_774 },
      'sst-three-class': { accuracy: 0.5747, meanConfidence: 0.6304, rows: 2210 },
    },
    chosenOn: ['chnsenticorp', 'sst-2', 'sst-three-class'],
  },
  {
    model: defaultTextModelName,
    task: 'text-classification',
    release: 1,
    revision: 'f1d625d76b85',
    measured: { 'banking77-topics': { accuracy: 0.6089, meanConfidence: 0.6292, rows: 560 } },
    chosenOn: ['banking77-topics'],
  },
]

/** What a sentiment model must reach, and on which sets, to be shipped. */
export const sentimentBar = { accuracy: 0.68, sets: ['chnsenticorp', 'sst-2'] } as const

/** Whether a model is good enough to answer those who have none of their own. */
export const isShipped = ({ task, measured }: StarterModel): boolean =>
  task !== 'sentiment' || sentimentBar.sets.every((set) => (measured[set]?.accuracy ?? 0) >= sentimentBar.accuracy)

/** What this release brings. */
export const shippedStarters: readonly StarterModel[] = starterModels.filter(isShipped)

export const starterVersion = ({ release, revision }: Pick<StarterModel, 'release' | 'revision'>): string =>
  `starter-${release}-${revision}`

/** Whether a version is that of a later release than of this model's. */
export const isOfLaterRelease = (version: string, { release }: Pick<StarterModel, 'release'>): boolean =>
  Number(/^starter-(\d+)-/.exec(version)?.[1] ?? 0) > release

/** What this release brings by the name and for the task. */
export const findShipped = ({
  model,
  task,
}: {
  readonly model: string
  readonly task: string
}): StarterModel | undefined => shippedStarters.find((starter) => starter.model === model && starter.task === task)

/** In a rolling update the starter models of the later release are made by its own processes alone. */
export const isForLaterRelease = (job: Pick<TrainingJob, 'tenant' | 'task' | 'model' | 'version'>): boolean =>
  job.tenant === starterTenant && isOfLaterRelease(job.version ?? '', findShipped(job) ?? { release: 0 })
