export { TextClassificationConfigSchema, toTextClassificationConfig, type TextClassificationConfig } from './config.ts'
export { createTextClassificationService } from './service.ts'
