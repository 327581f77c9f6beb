export type { LabelledText } from './labelled-text.ts'
export * from './sentiment/sentiment-texts.ts'
export * from './starter-corpus.ts'
export * from './topics/topic-texts.ts'
