import { type _Error as KeyFailure, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import { ObjectStoreError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'

/** What one request of S3 takes. */
export const keysPerRequest = 1000
const shownFailures = 5

/** Failures of single keys that pass. */
const passing = new Set(['InternalError', 'SlowDown', 'ServiceUnavailable', 'OperationAborted'])

class KeysRefusedError extends Error {
  override readonly name = 'KeysRefused'
}

/** At most `keysPerRequest` keys. Those that the store could not delete now are tried again. */
export async function deleteObjects(
  { name, client, calls }: Bucket,
  s3Keys: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  let left = s3Keys
  const what = `delete ${s3Keys.length} objects`
  await calls.run(
    what,
    async ({ http }) => {
      const Delete = { Objects: left.map((Key) => ({ Key })), Quiet: true }
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: name, Delete }), http)
      const failures = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
      if (failures.length === 0) return
      const summary = describeFailures(failures)
      if (!failures.every(({ Code = '' }) => passing.has(Code))) {
        throw new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', `${what}: ${summary}`)
      }
      left = failures.map(({ Key = '' }) => Key)
      throw new KeysRefusedError(summary)
    },
    signal === undefined ? {} : { signal },
  )
}

function describeFailures(failures: readonly KeyFailure[]): string {
  const shown = failures.slice(0, shownFailures).map(({ Key, Code, Message }) => `${Key}: ${Code} ${Message ?? ''}`)
  const others = failures.length > shownFailures ? ` and ${failures.length - shownFailures} more` : ''
  return `${failures.length} were not deleted: ${shown.join('; ')}${others}`
}
