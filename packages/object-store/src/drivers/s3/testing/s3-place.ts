import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3ObjectStoreOptions } from '../options.ts'

function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set: these tests need an S3 server`)
  return value
}

/** The server of the tests. */
export const testServer = (): Pick<Required<S3ObjectStoreOptions>, 'endpoint' | 'region' | 'credentials'> => ({
  endpoint: variable('RAPPORT_S3_ENDPOINT'),
  region: variable('RAPPORT_S3_REGION'),
  credentials: {
    accessKeyId: variable('RAPPORT_S3_ACCESS_KEY_ID'),
    secretAccessKey: variable('RAPPORT_S3_SECRET_ACCESS_KEY'),
  },
})

/** A bucket of its own for one test. */
export interface S3Place {
  readonly options: S3ObjectStoreOptions & ReturnType<typeof testServer>
  /** Talks to the bucket past the driver. */
  readonly client: S3Client
  /** Ids of uploads that were begun and neither completed nor aborted. */
  unfinishedUploads(): Promise<string[]>
  /** Keys in the bucket, whoever has put them there. */
  allKeys(): Promise<string[]>
  remove(): Promise<void>
}

export async function newPlace(server = testServer()): Promise<S3Place> {
  const Bucket = `rapport-test-${randomUUID()}`
  const client = new S3Client({ ...server, forcePathStyle: true })
  await client.send(new CreateBucketCommand({ Bucket }))
  const listUploads = async () => (await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []
  const listPage = async () => (await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []
  return {
    options: { ...server, bucket: Bucket },
    client,
    unfinishedUploads: async () => (await listUploads()).map(({ UploadId = '' }) => UploadId),
    allKeys: async () => (await listPage()).map(({ Key = '' }) => Key),
    remove: async () => {
      for (const { Key, UploadId } of await listUploads()) {
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
      }
      for (let page = await listPage(); page.length > 0; page = await listPage()) {
        await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: page.map(({ Key }) => ({ Key })) } }))
      }
      await client.send(new DeleteBucketCommand({ Bucket }))
      client.destroy()
    },
  }
}
