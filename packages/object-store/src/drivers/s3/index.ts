export * from './connect-s3-object-store.ts'
export type { S3Credentials, S3Limits, S3ObjectStoreOptions } from './options.ts'
