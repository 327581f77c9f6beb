export { FeatureConfigSchema, toFeatureConfig, type FeatureConfig } from './config.ts'
export { createFeatureService } from './service.ts'
