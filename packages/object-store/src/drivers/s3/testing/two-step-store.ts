import { setTimeout as delay } from 'node:timers/promises'
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from './fault-proxy.ts'

/**
 * Makes a store of a sort that exists out of one that compares atomically: it checks the condition of a put, and writes in
 * a second step. Other requests pass.
 */
export function twoStepStore(client: S3Client, bucket: string): (incoming: IncomingMessage) => Fault | undefined {
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> => {
    const chunks = (await Array.fromAsync(incoming)) as Buffer[]
    const { 'if-none-match': ifNoneMatch, 'if-match': ifMatch } = incoming.headers
    const Key = decodeURIComponent((incoming.url ?? '').replace(/\?.*/, '').slice(bucket.length + 2))
    const standing = await client.send(new HeadObjectCommand({ Bucket: bucket, Key })).catch(() => undefined)
    const isMet = ifNoneMatch === undefined ? standing?.ETag === ifMatch : standing === undefined
    if (!isMet) {
      outgoing.writeHead(412, { 'content-type': 'application/xml' })
      outgoing.end('<Error><Code>PreconditionFailed</Code><Message>The condition does not hold</Message></Error>')
      return true
    }
    await delay(2)
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key,
      Body: Buffer.concat(chunks),
      Metadata: metadataOf(incoming),
    })
    const { ETag = '' } = await client.send(put)
    outgoing.writeHead(200, { etag: ETag }).end()
    return true
  }
  return ({ method, headers, url = '' }) => {
    const isConditional = headers['if-none-match'] !== undefined || headers['if-match'] !== undefined
    return method === 'PUT' && isConditional && !url.includes('uploadId') ? { kind: 'handle', handle } : undefined
  }
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  const prefix = 'x-amz-meta-'
  const fields = Object.entries(headers).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(fields.map(([name, value]) => [name.slice(prefix.length), String(value)]))
}
