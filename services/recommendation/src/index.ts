export { RecommendationConfigSchema, toRecommendationConfig, type RecommendationConfig } from './config.ts'
export { createRecommendationService } from './service.ts'
