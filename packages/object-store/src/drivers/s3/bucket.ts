import type { S3Client } from '@aws-sdk/client-s3'
import type { Log } from '@rapport/core'
import type { S3Calls } from './calls.ts'
import type { KeySpace } from './key-space.ts'
import type { S3Limits } from './options.ts'

/** What every operation needs: where the objects lie and how the store is spoken to. */
export interface Bucket {
  readonly name: string
  readonly keys: KeySpace
  readonly client: S3Client
  readonly calls: S3Calls
  readonly limits: S3Limits
  readonly log: Log | undefined
}
