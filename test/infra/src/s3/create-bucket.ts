import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'

/** The bucket of an installation whose configuration names none. */
const usualBucket = 'rapport'

/** Where a bucket is made, and with whose keys. */
export interface BucketOwner {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Makes the bucket in which an installation on this server keeps everything; one that stands already stays as it is. */
export async function createBucket({ endpoint, region, ...credentials }: BucketOwner): Promise<void> {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  try {
    await client.send(new CreateBucketCommand({ Bucket: usualBucket }))
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error
  } finally {
    client.destroy()
  }
}
