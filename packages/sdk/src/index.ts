export * from './client.ts'
export { RapportApiError, RapportConnectionError } from './errors.ts'
export type * from './events.ts'
export type { HttpOptions } from './http.ts'
export type { ProfileOptions } from './resources/users.ts'
export type {
  AliasAnswer,
  BatchAnswer,
  CallAnswer,
  CreatedKeyAnswer,
  CreatedTenant,
  CreateTrainingJob,
  EventTailAnswer,
  FeaturesRequest,
  FeaturesResponse,
  ItemAnswer,
  ItemBody,
  ItemFilter,
  ItemImportAnswer,
  ItemRow,
  Key,
  LeaderboardRow,
  Model,
  ModelManifest,
  ModelVersion,
  RecommendationReason,
  RecommendationRequest,
  RecommendationResponse,
  RecommendedItem,
  RejectedEvent,
  RejectedItem,
  Scope,
  Self,
  StateRebuild,
  TenantStatus,
  TrainingJob,
  UserProfile,
} from '@rapport/contracts'
