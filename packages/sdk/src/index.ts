export * from './client.ts'
export * from './errors.ts'
export type * from './events.ts'
export type { HttpOptions } from './http.ts'
export type {
  BatchAnswer,
  CallAnswer,
  ItemAnswer,
  ItemBody,
  ItemFilter,
  ItemImportAnswer,
  ItemRow,
  RecommendationReason,
  RecommendationRequest,
  RecommendationResponse,
  RecommendedItem,
  RejectedEvent,
  RejectedItem,
} from '@rapport/contracts'
