import { Choices, expand } from '../grammar.ts'
import type { LabelledText } from '../labelled-text.ts'
import { chineseMessages } from './chinese.ts'
import { englishMessages } from './english.ts'

/** What customers write to a shop about. */
export const topicLabels = [
  'delivery',
  'refund',
  'defect',
  'payment',
  'invoice',
  'account',
  'change',
  'question',
  'promotion',
  'other',
] as const
export type TopicLabel = (typeof topicLabels)[number]

export interface TopicTextsOptions {
  readonly language: 'zh' | 'en'
  /** Texts of each label. */
  readonly perLabel: number
  readonly seed: number
}

const ways = {
  en: { grammar: englishMessages, marks: ['', '.', '?', '!', ' ...'], joint: ' ' },
  zh: { grammar: chineseMessages, marks: ['', '。', '？', '！', '，'], joint: '' },
} as const

/** Messages to a customer service drawn from a grammar of our own, labels in turn. The same seed gives the same texts. */
export function* topicTexts({ language, perLabel, seed }: TopicTextsOptions): Generator<LabelledText<TopicLabel>> {
  const choices = new Choices(seed)
  const { grammar, marks, joint } = ways[language]
  for (let row = 0; row < perLabel * topicLabels.length; row += 1) {
    const label = topicLabels[row % topicLabels.length] as TopicLabel
    const parts = [expand(grammar, label, choices) + choices.of(marks)]
    if (choices.onceIn(3)) parts.push(expand(grammar, label, choices) + choices.of(marks))
    if (choices.onceIn(3)) parts.unshift(expand(grammar, 'hello', choices))
    if (choices.onceIn(4)) parts.push(expand(grammar, 'thanks', choices))
    yield { text: parts.join(joint), label }
  }
}
