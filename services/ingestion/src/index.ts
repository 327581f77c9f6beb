export { IngestionConfigSchema, toIngestionConfig, type IngestionConfig } from './config.ts'
export { createIngestionService } from './service.ts'
