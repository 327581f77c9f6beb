export { SentimentConfigSchema, toSentimentConfig, type SentimentConfig } from './config.ts'
export { createSentimentService } from './service.ts'
