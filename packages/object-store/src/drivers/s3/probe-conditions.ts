import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { PutOptions, PutOutcome } from '../../object-store.ts'
import type { Bucket } from './bucket.ts'
import { toChecksum } from './checksum.ts'
import { deleteObjects, keysPerRequest } from './delete-objects.ts'
import { listS3Keys } from './list-objects.ts'
import { PartUpload } from './part-upload.ts'
import { newWriteId, type Publication, publishByStore } from './publish-object.ts'
import { S3CallError } from './s3-errors.ts'

const writersPerRace = 20
const racesPerKind = 20
/** Objects of probes that did not come to their end are removed by later ones. */
const leftoverAgeMs = 3_600_000

/**
 * What a store makes of conditional puts. `atomic`: of racing writers one wins, as far as races have shown. `racy`: it
 * checks, and then writes in a second step. `ignored`: it does not check, or does not know the headers.
 */
export type ConditionSupport = 'atomic' | 'racy' | 'ignored'

export interface ProbeResult {
  readonly support: ConditionSupport
  readonly reason: string
}

type Kind = 'put if absent' | 'put if match' | 'completion if absent'

const bodyOf = (writer: number): Uint8Array => Buffer.from(`writer ${writer} ${randomUUID()}`)

/** Keys of one probe, below the reserved prefix. */
class Probe {
  readonly #bucket: Bucket
  readonly #place = `probe/${randomUUID()}`
  readonly #used: string[] = []

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  newKey(): string {
    const s3Key = this.#bucket.keys.reserved(`${this.#place}/${this.#used.length}`)
    this.#used.push(s3Key)
    return s3Key
  }

  put(s3Key: string, options: PutOptions, writer = 0): Promise<PutOutcome> {
    const { name, client } = this.#bucket
    const body = bodyOf(writer)
    const content = { Bucket: name, Key: s3Key, Body: body, ChecksumCRC32: toChecksum(crc32(body)) }
    return publishByStore(this.#bucket, {
      ...this.#describe(s3Key, options),
      bodyBytes: body.byteLength,
      send: async ({ http, condition, metadata }) =>
        (await client.send(new PutObjectCommand({ ...content, ...condition, Metadata: metadata }), http)).ETag,
    })
  }

  async complete(s3Key: string, options: PutOptions, writer = 0): Promise<PutOutcome> {
    const upload = await PartUpload.begin(this.#bucket, this.#describe(s3Key, options))
    const parts = toAsync([bodyOf(writer)])
    return upload.finish({ parts }, (publication) => publishByStore(this.#bucket, publication))
  }

  async clean(): Promise<void> {
    await removeKeys(this.#bucket, this.#used)
  }

  #describe(s3Key: string, options: PutOptions): Omit<Publication, 'bodyBytes' | 'send'> {
    return { key: s3Key, s3Key, options, writeId: newWriteId() }
  }
}

async function* toAsync<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

async function removeKeys(bucket: Bucket, s3Keys: readonly string[]): Promise<void> {
  for (let at = 0; at < s3Keys.length; at += keysPerRequest) {
    await deleteObjects(bucket, s3Keys.slice(at, at + keysPerRequest))
  }
}

async function removeLeftovers(bucket: Bucket): Promise<void> {
  const old: string[] = []
  const before = Date.now() - leftoverAgeMs
  for await (const { s3Key, modifiedAtMs } of listS3Keys(bucket, bucket.keys.reserved('probe/'))) {
    if (modifiedAtMs < before) old.push(s3Key)
  }
  await removeKeys(bucket, old)
}

/** One writer after another: whether conditions are checked at all. Undefined when they are. */
async function findUnchecked(probe: Probe): Promise<string | undefined> {
  const s3Key = probe.newKey()
  try {
    const first = await probe.put(s3Key, { ifAbsent: true })
    if (!first.stored) return 'it refuses a put-if-absent although nothing stands'
    if ((await probe.put(s3Key, { ifAbsent: true })).stored)
      return 'it stores a put-if-absent although an object stands'
    if ((await probe.put(s3Key, { ifMatch: 'no-such-etag' })).stored) return 'it stores a put-if-match of another etag'
    if (!(await probe.put(s3Key, { ifMatch: first.etag })).stored)
      return 'it refuses a put-if-match of the etag that stands'
    if ((await probe.put(probe.newKey(), { ifMatch: first.etag })).stored)
      return 'it stores a put-if-match where nothing stands'
    if ((await probe.complete(s3Key, { ifAbsent: true })).stored)
      return 'it completes an upload if absent although an object stands'
    return undefined
  } catch (error) {
    // A store that does not know the headers says so by one of these.
    const { cause } = error as Error
    const status = cause instanceof S3CallError ? cause.status : undefined
    if (status === 400 || status === 501) return `it refuses conditional puts (HTTP ${status})`
    throw error
  }
}

/**
 * Lets many write to one key at once; how many of them have won. Unknown outcomes count as none. Undefined when the store
 * has sent all of them away for the time being (409), so that nothing was learnt.
 */
async function race(probe: Probe, kind: Kind): Promise<number | undefined> {
  const s3Key = probe.newKey()
  const standing = kind === 'put if match' ? await probe.put(s3Key, {}) : undefined
  const options = standing?.stored === true ? { ifMatch: standing.etag } : { ifAbsent: true }
  const writers = Array.from({ length: writersPerRace }, (_, writer) => writer)
  const write = (writer: number): Promise<PutOutcome> =>
    kind === 'completion if absent' ? probe.complete(s3Key, options, writer) : probe.put(s3Key, options, writer)
  const outcomes = await Promise.allSettled(writers.map(write))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value.stored).length
  if (winners > 0 || failure === undefined) return winners
  const { cause } = failure.reason as Error
  if (cause instanceof S3CallError && cause.status === 409) return undefined
  throw failure.reason
}

async function findRace(probe: Probe): Promise<string | undefined> {
  const kinds: readonly (readonly [Kind, number])[] = [
    ['put if match', racesPerKind],
    ['put if absent', racesPerKind],
    ['completion if absent', racesPerKind / 10],
  ]
  for (const [kind, races] of kinds) {
    for (let round = 0; round < races; round += 1) {
      const winners = await race(probe, kind)
      if (winners !== undefined && winners !== 1)
        return `of ${writersPerRace} writers who raced to ${kind}, ${winners} were told that they had won`
    }
  }
  return undefined
}

async function withProbe<T>(bucket: Bucket, work: (probe: Probe) => Promise<T>): Promise<T> {
  const probe = new Probe(bucket)
  try {
    return await work(probe)
  } finally {
    await probe
      .clean()
      .catch((error: unknown) => bucket.log?.warn({ err: error }, 'objects of a probe remain for a while'))
  }
}

/** Whether the store checks conditions of one writer at a time: a handful of requests. */
export function probeChecks(bucket: Bucket): Promise<ProbeResult> {
  return withProbe(bucket, async (probe) => {
    const unchecked = await findUnchecked(probe)
    return unchecked === undefined
      ? { support: 'racy', reason: 'its comparison is not trusted' }
      : { support: 'ignored', reason: unchecked }
  })
}

/**
 * Finds out how far the store's conditional puts can be trusted, by putting them to the test with objects below the reserved
 * prefix, which are removed afterwards. A race is a matter of luck: `atomic` says that none of 840 requests has shown the
 * opposite.
 */
export async function probeConditions(bucket: Bucket): Promise<ProbeResult> {
  await removeLeftovers(bucket)
  return withProbe(bucket, async (probe) => {
    const unchecked = await findUnchecked(probe)
    if (unchecked !== undefined) return { support: 'ignored', reason: unchecked }
    const raced = await findRace(probe)
    if (raced !== undefined) return { support: 'racy', reason: raced }
    return { support: 'atomic', reason: 'one writer of each race has won' }
  })
}
