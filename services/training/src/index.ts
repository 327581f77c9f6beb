export * from './config.ts'
export * from './errors.ts'
export * from './exit-codes.ts'
export * from './job/run-training-job.ts'
