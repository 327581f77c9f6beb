import { Choices, expand, type Grammar } from '../grammar.ts'
import type { LabelledText } from '../labelled-text.ts'
import { chineseLexicon, emojiLexicon, englishLexicon, type Lexicon } from '../lexicons.ts'
import { chineseSentences } from './chinese.ts'
import { englishSentences } from './english.ts'

export const sentimentLabels = ['positive', 'neutral', 'negative'] as const
export type SentimentLabel = (typeof sentimentLabels)[number]

export interface SentimentTextsOptions {
  readonly language: 'zh' | 'en'
  /** Texts of each label. */
  readonly perLabel: number
  readonly seed: number
}

const mostSentences = 5
/** So often a pleased text has a displeased sentence in it, and the other way round. */
const mixedOnceIn = 4
const emojiOnceIn = 8

/** So often a text is nothing but what many say in brief. */
const briefOnceIn = 4

const briefOf = { positive: 'brieflyPleased', neutral: 'statements', negative: 'brieflyDispleased' } as const
const symbolOf = { positive: 'pleased', neutral: 'neutral', negative: 'displeased' } as const
const oppositeOf = { positive: 'displeased', neutral: 'neutral', negative: 'pleased' } as const

const ways = {
  en: {
    grammar: sentences(englishSentences, englishLexicon),
    marks: ['.', '.', '!', ' .', ' !', '...'],
    joint: ' ',
    but: 'but ',
  },
  zh: {
    grammar: sentences(chineseSentences, chineseLexicon),
    marks: ['。', '，', '！', '，', ' '],
    joint: '',
    but: '就是',
  },
} as const

function sentences(
  grammarOf: (pleasing: readonly string[], displeasing: readonly string[]) => Grammar,
  lexicon: Lexicon,
) {
  return grammarOf(lexicon.pleased, lexicon.displeased)
}

/** Reviews drawn from a grammar of our own, labels in turn. The same seed gives the same texts. */
export function* sentimentTexts({
  language,
  perLabel,
  seed,
}: SentimentTextsOptions): Generator<LabelledText<SentimentLabel>> {
  const choices = new Choices(seed)
  for (let row = 0; row < perLabel * sentimentLabels.length; row += 1) {
    const label = sentimentLabels[row % sentimentLabels.length] as SentimentLabel
    yield { text: drawReview(label, language, choices), label }
  }
}

function drawReview(label: SentimentLabel, language: 'zh' | 'en', choices: Choices): string {
  const { grammar, marks, joint, but } = ways[language]
  if (choices.onceIn(briefOnceIn)) {
    return expand(grammar, briefOf[label], choices) + choices.of(['', ...marks])
  }
  const count = 1 + choices.below(mostSentences)
  const parts: string[] = []
  for (let at = 0; at < count; at += 1) {
    const isFact = label !== 'neutral' && choices.onceIn(6)
    parts.push(expand(grammar, isFact ? 'neutral' : symbolOf[label], choices) + choices.of(marks))
  }
  if (label !== 'neutral' && count > 2 && choices.onceIn(mixedOnceIn)) {
    parts.push(but + expand(grammar, oppositeOf[label], choices) + choices.of(marks))
  }
  if (label !== 'neutral' && choices.onceIn(emojiOnceIn)) {
    parts.push(choices.of(label === 'positive' ? emojiLexicon.pleased : emojiLexicon.displeased))
  }
  return parts.join(joint)
}
