export { classifySlices } from './application/classify-slices.ts'
export type { TextContext } from './application/context.ts'
export type {
  AssignedDocument,
  LabelCall,
  LabelDocuments,
  LabelledDocument,
  LabelOptions,
} from './application/label-documents.ts'
export { createTextService, type TextServingConfig, type TextServingOptions } from './create-text-service.ts'
export { scoreDocument, scoreText, type ScoredLabels } from './domain/score-text.ts'
export type { ServedClassifier } from './domain/served-classifier.ts'
export { answerDocuments, jsonOrLines } from './routes/documents.ts'
export { ndjsonType } from './routes/json-bodies.ts'
export type { TextProfile } from './text-profile.ts'
