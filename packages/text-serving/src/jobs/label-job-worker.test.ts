import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { defaultTextRules, ingestionLimits, labelJobKey, topics, type LabelJob } from '@rapport/contracts'
import { DatasetWriter } from '@rapport/datasets'
import type { EventLog } from '@rapport/messaging'
import { ModelRefusedError } from '@rapport/model-store'
import { archiveFileName, toArchiveLine, toJsonBytes, type ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { TextClassifier } from '@rapport/text-models'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LabelDocuments } from '../application/label-documents.ts'
import { ServedClassifier } from '../domain/served-classifier.ts'
import { topicLabels, trainTopics } from '../testing.ts'
import {
  cancelLabelJob,
  changeLabelJob,
  createLabelJob,
  readLabelJob,
  removeLabelJob,
  type LabelJobStore,
} from './label-job-records.ts'
import { LabelJobWorker, type LabelJobWorkerOptions } from './label-job-worker.ts'

const manifest = {
  tenant: 'shop',
  name: 'text',
  version: 'v1',
  task: 'text-classification',
  metrics: {},
  createdAt: '2026-01-01T00:00:00.000Z',
}
const served = new ServedClassifier(manifest, new TextClassifier(await trainTopics()))
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
const leaseMs = 30_000

let directory: string
let objectStore: ObjectStore
let nowMs: number
let jobs: LabelJobStore
let workers: AsyncDisposableStack
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rapport-label-jobs-'))
  objectStore = await openFilesystemObjectStore({ directory })
  nowMs = Date.parse('2026-05-01T00:00:00Z')
  jobs = { service: 'text-classification', objectStore, clock: { now: () => nowMs } }
  workers = new AsyncDisposableStack()
})
afterEach(async () => {
  await workers.disposeAsync()
  await objectStore[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

const unscored = { label: topicLabels[0], scores: [], language: 'en' }
/** Gives every row the same label, and tells of it. */
const labelBy = (onDocument: (id: string) => void | Promise<void> = () => undefined): LabelDocuments =>
  async function* (documents) {
    for (const document of documents) {
      await onDocument(document.id)
      yield { document, best: 0, result: { ...unscored, text: 'x'.repeat(50_000) } }
    }
  }

const model = { acquireVersion: () => Promise.resolve({ model: served, [Symbol.dispose]: () => undefined }) }
const worker = (more: Partial<LabelJobWorkerOptions> = {}): LabelJobWorker => {
  const host = model as unknown as LabelJobWorkerOptions['host']
  const eventLog = {} as unknown as EventLog
  const flushArchive = () => Promise.resolve()
  const options = { ...jobs, eventLog, host, flushArchive, log, pollMs: 1_000, leaseMs, label: labelBy() }
  return workers.use(new LabelJobWorker({ ...options, ...more }))
}

async function newJob(rows = 200): Promise<LabelJob> {
  const writer = await DatasetWriter.begin(objectStore, jobs.clock, { tenant: 'shop', name: 'texts' })
  for (let row = 1; row <= rows; row += 1) await writer.add({ row, text: `text ${row}` })
  const none = { count: 0, samples: [] }
  const report = { rowsRead: rows, rejectedCount: 0, rejected: [], duplicates: none, conflicts: none }
  const { version } = await writer.publish({
    format: 'csv',
    columns: { text: 'text' },
    multiLabel: false,
    classes: [],
    report,
  })
  const wanted = {
    tenant: 'shop',
    dataset: { name: 'texts', version },
    model: { tenant: 'shop', name: 'text', version: 'v1' },
  }
  const job = await createLabelJob(jobs, wanted, rows)
  if (job === undefined) throw new Error('too many jobs')
  return job
}
const read = async (job: LabelJob): Promise<LabelJob> => (await readLabelJob(jobs, job)) as LabelJob
/** The store with methods of another behaviour. */
const changedStore = (changed: Partial<ObjectStore>): ObjectStore =>
  new Proxy(objectStore, {
    get: (target, name: keyof ObjectStore) => changed[name] ?? (target[name] as () => unknown).bind(target),
  })
const keysOf = (prefix: string): Promise<string[]> => Array.fromAsync(objectStore.list(prefix), ({ key }) => key)

describe('a worker of labelling jobs', () => {
  it('does every job that waits, the oldest first', async () => {
    const done: string[] = []
    const first = await newJob(3)
    nowMs += 1_000
    const second = await newJob(2)
    await worker({ label: labelBy((id) => void done.push(id)) }).look()
    expect(done).toEqual(['1', '2', '3', '1', '2'])
    expect([(await read(first)).state, (await read(second)).state]).toEqual(['succeeded', 'succeeded'])
    expect((await read(first)).lease).toBeUndefined()
  })

  it('goes on behind the last stored part where another has died', async () => {
    const job = await newJob()
    const dying = worker({
      label: labelBy((id) => {
        if (id === '120') throw new Error('the machine is gone')
      }),
    })
    await dying.look()
    const { progress, state } = await read(job)
    expect(state).toBe('queued')
    expect(progress).toMatchObject({ rows: 100, lastRow: 100, parts: 1 })
    const done: string[] = []
    await worker({ label: labelBy((id) => void done.push(id)) }).look()
    expect(done[0]).toBe('101')
    expect(await read(job)).toMatchObject({ state: 'succeeded', progress: { rows: 200, labelled: 200 }, attempts: 2 })
  })

  it('leaves a job alone while its lease holds, and takes it when that has expired', async () => {
    const job = await newJob(2)
    const lease = { owner: 'dead', expiresAt: new Date(nowMs + leaseMs).toISOString() }
    await changeLabelJob(jobs, job, (now) => ({ ...now, state: 'running', attempts: 1, lease }))
    const other = worker()
    await other.look()
    expect((await read(job)).lease?.owner).toBe('dead')
    nowMs += leaseMs
    await other.look()
    expect(await read(job)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })

  it('gives up a job that five have begun and none has ended', async () => {
    const job = await newJob(2)
    const failing = worker({
      label: labelBy(() => {
        throw new Error('a secret of the text')
      }),
    })
    for (let look = 0; look < 6; look += 1) await failing.look()
    const { state, error } = await read(job)
    expect(state).toBe('failed')
    expect(error?.message).not.toContain('secret')
  })

  it('fails a job whose model must not serve at once, and waits where only memory is missing', async () => {
    const job = await newJob(2)
    const refuse = (reason: 'memory budget' | 'self-check') => ({
      acquireVersion: () => Promise.reject(new ModelRefusedError(reason, 'refused')),
    })
    await worker({ host: refuse('memory budget') }).look()
    expect((await read(job)).state).toBe('queued')
    await worker({ host: refuse('self-check') }).look()
    expect(await read(job)).toMatchObject({ state: 'failed', error: { message: 'refused' } })
  })

  it('ends a job that is cancelled while it runs, and leaves nothing of one that is removed', async () => {
    const cancelled = await newJob()
    await worker({
      label: labelBy(async (id) => {
        if (id === '60') await cancelLabelJob(jobs, cancelled)
      }),
    }).look()
    expect((await read(cancelled)).state).toBe('cancelled')
    nowMs += 1
    const removed = await newJob()
    await worker({
      label: labelBy(async (id) => {
        if (id === '60') await removeLabelJob(jobs, removed)
      }),
    }).look()
    expect(await readLabelJob(jobs, removed)).toBeUndefined()
    expect((await keysOf('label-job-results/')).filter((key) => key.includes(removed.id))).toEqual([])
  })

  it('gives the job in hand back when it stops, and the attempt does not count', async () => {
    const job = await newJob()
    const reached = Promise.withResolvers<void>()
    const goesOn = Promise.withResolvers<void>()
    const stopping = worker({
      label: labelBy(async (id) => {
        if (id !== '60') return
        reached.resolve()
        await goesOn.promise
      }),
    })
    void stopping.look()
    await reached.promise
    const stopped = stopping[Symbol.asyncDispose]()
    goesOn.resolve()
    await stopped
    expect(await read(job)).toMatchObject({ state: 'queued', attempts: 0 })
    await worker().look()
    expect((await read(job)).state).toBe('succeeded')
  })

  it('passes over a record that is none', async () => {
    const job = await newJob(2)
    const key = 'label-jobs/shop/text-classification/20260101T000000000Z-00000000.json'
    await objectStore.put(key, Buffer.from('{"state":"queued"}'))
    await worker().look()
    expect((await read(job)).state).toBe('succeeded')
    expect(log.error).toHaveBeenCalledTimes(1)
  })
})

it('a worker that begins reads the finished jobs many at once, and each a single time', async () => {
  const job = await newJob(2)
  const finishedAt = new Date(nowMs).toISOString()
  for (let number = 0; number < 40; number += 1) {
    const id = job.id.replace(/[^-]+$/, String(number).padStart(8, '0'))
    const finished: LabelJob = { ...job, id, state: 'succeeded', finishedAt }
    await objectStore.put(labelJobKey(jobs.service, finished), toJsonBytes(finished))
  }
  let [reads, atOnce, mostAtOnce] = [0, 0, 0]
  const get = async (key: string): ReturnType<ObjectStore['get']> => {
    if (!key.startsWith('label-jobs/') || key === labelJobKey(jobs.service, job)) return objectStore.get(key)
    reads += 1
    mostAtOnce = Math.max(mostAtOnce, (atOnce += 1))
    return objectStore.get(key).finally(() => (atOnce -= 1))
  }
  const beginning = worker({ objectStore: changedStore({ get }) })
  await beginning.look()
  await beginning.look()
  expect((await read(job)).state).toBe('succeeded')
  expect({ reads, mostAtOnce }).toEqual({ reads: 40, mostAtOnce: 16 })
})

it('a worker forgets a settled job that is gone', async () => {
  const finished: LabelJob = { ...(await newJob(1)), state: 'succeeded', finishedAt: new Date(nowMs).toISOString() }
  const key = labelJobKey(jobs.service, finished)
  const get = vi.fn((read: string) => objectStore.get(read))
  // As a store whose etags are those of the contents.
  const list: ObjectStore['list'] = async function* (prefix) {
    for await (const entry of objectStore.list(prefix)) yield { ...entry, etag: 'same' }
  }
  const looking = worker({ objectStore: changedStore({ get, list }) })
  for (const [isThere, reads] of [
    [true, 1],
    [true, 1],
    [false, 1],
    [true, 2],
  ] as const) {
    await (isThere ? objectStore.put(key, toJsonBytes(finished)) : objectStore.delete([key]))
    await looking.look()
    expect(get).toHaveBeenCalledTimes(reads)
  }
})

it('a tenant has so many unfinished jobs and no more, and old ones go', async () => {
  for (let count = 0; count < 20; count += 1) {
    nowMs += 1
    await newJob(1)
  }
  await expect(newJob(1)).rejects.toThrow('too many')
  await worker().look()
  nowMs += 1
  expect((await newJob(1)).state).toBe('queued')
})

it('a part of a worker that has lost its claim does not replace one that stands', async () => {
  const job = await newJob(3)
  const stalled = Promise.withResolvers<void>()
  const goesOn = Promise.withResolvers<void>()
  const slow = worker({
    label: labelBy(async (id) => {
      if (id !== '3') return
      stalled.resolve()
      await goesOn.promise
    }),
  })
  const late = slow.look()
  await stalled.promise
  nowMs += leaseMs
  await worker().look()
  const key = (await keysOf('label-job-results/'))[0] ?? ''
  const before = await objectStore.head(key)
  goesOn.resolve()
  await late
  expect(await objectStore.head(key)).toEqual(before)
  expect(await read(job)).toMatchObject({ state: 'succeeded', attempts: 2 })
})

describe('a job over the archived events', () => {
  const reviewed = (offset: number, properties: object = { review: `text ${offset}` }): object => ({
    messageId: `m${offset}`,
    tenant: 'shop',
    source: 'test',
    type: 'track',
    event: offset % 5 === 4 ? 'Product Viewed' : 'Product Reviewed',
    userId: 'ada',
    properties,
    context: {},
    timestamp: new Date(nowMs + offset * 1_000).toISOString(),
    originalTimestamp: new Date(nowMs + offset * 1_000).toISOString(),
    receivedAt: new Date(nowMs + offset * 1_000).toISOString(),
    version: 1,
  })
  type Others = Readonly<Record<number, { readonly key?: string; readonly properties?: object }>>
  async function archive(partition: number, first: number, last: number, others: Others = {}): Promise<void> {
    const lines = Array.from({ length: last - first + 1 }, (_, at) =>
      toArchiveLine({
        offset: first + at,
        appendedAtMs: nowMs,
        key: others[first + at]?.key ?? 'shop/u:ada',
        value: Buffer.from(JSON.stringify(reviewed(first + at, others[first + at]?.properties))),
      }),
    )
    const file = { tenant: 'shop', topic: topics.events.name, partition, first, last }
    await objectStore.put(archiveFileName(file), gzipSync(lines.join('')))
  }
  const wanted = {
    tenant: 'shop',
    model: { tenant: 'shop', name: 'text', version: 'v1' },
    rules: [...defaultTextRules],
  }
  const resultOf = async (job: LabelJob): Promise<readonly { messageId: string; rule: string }[]> => {
    const parts = await Promise.all(
      (await keysOf(`label-job-results/shop/text-classification/${job.id}/`)).map((key) => objectStore.get(key)),
    )
    const lines = parts.flatMap((part) =>
      gunzipSync(part?.body ?? '')
        .toString()
        .trimEnd()
        .split('\n'),
    )
    return lines.map((line) => JSON.parse(line))
  }

  it('labels the texts of the wanted period, each with whose it is, and goes on where another has died', async () => {
    await archive(0, 0, 149)
    await archive(1, 150, 299)
    const events = { from: new Date(nowMs + 10_000).toISOString(), to: new Date(nowMs + 290_000).toISOString() }
    const job = (await createLabelJob(jobs, { ...wanted, events })) as LabelJob
    const failing = worker({
      label: labelBy((id) => {
        if (id === 'm200#review') throw new Error('the machine is gone')
      }),
    })
    await failing.look()
    expect((await read(job)).progress.parts).toBeGreaterThan(0)
    await worker().look()
    const expected = Array.from({ length: 280 }, (_, at) => 10 + at).filter((offset) => offset % 5 !== 4)
    expect(await read(job)).toMatchObject({
      state: 'succeeded',
      progress: { rows: expected.length, labelled: expected.length, offsets: { 0: 150 } },
    })
    const lines = await resultOf(job)
    expect(lines.map(({ messageId }) => messageId)).toEqual(expected.map((offset) => `m${offset}`))
    expect(lines[0]).toMatchObject({ rule: 'review', userId: 'ada', label: topicLabels[0] })
    expect(lines[0]).not.toHaveProperty('review')
  })

  it('leaves out events that the feature service refuses: under a key that is not theirs, or too large', async () => {
    const large = { review: 'text', more: 'x'.repeat(ingestionLimits.storedEventBytes) }
    await archive(0, 0, 3, { 1: { key: 'shop/u:bob' }, 2: { properties: large } })
    const job = (await createLabelJob(jobs, { ...wanted, events: {} })) as LabelJob
    await worker().look()
    expect(await read(job)).toMatchObject({ state: 'succeeded', progress: { rows: 2, labelled: 2, refused: 0 } })
    expect((await resultOf(job)).map(({ messageId }) => messageId)).toEqual(['m0', 'm3'])
  })

  it('ends when it is cancelled, also where no text is found', async () => {
    await archive(0, 0, 149)
    const events = { from: new Date(nowMs + 1e9).toISOString() }
    const job = (await createLabelJob(jobs, { ...wanted, events })) as LabelJob
    await worker({ flushArchive: async () => void (await cancelLabelJob(jobs, job)) }).look()
    expect((await read(job)).state).toBe('cancelled')
    nowMs += 1
    const other = (await createLabelJob(jobs, { ...wanted, events })) as LabelJob
    const stopping = worker({ flushArchive: () => void stopping[Symbol.asyncDispose]() as never })
    await stopping.look()
    expect(await read(other)).toMatchObject({ state: 'queued', attempts: 0 })
  })

  it('fails for good where the archive is damaged', async () => {
    const file = { tenant: 'shop', topic: topics.events.name, partition: 0, first: 0, last: 1 }
    await objectStore.put(archiveFileName(file), Buffer.from('no gzip'))
    const job = (await createLabelJob(jobs, { ...wanted, events: {} })) as LabelJob
    await worker().look()
    expect(await read(job)).toMatchObject({ state: 'failed', error: { code: 'RPT_ARCHIVE_CORRUPT' } })
  })
})
