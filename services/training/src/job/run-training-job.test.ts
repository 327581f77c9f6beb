import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Log } from '@rapport/core'
import { decodeBundle, type RecommenderBundle, runSelfCheck } from '@rapport/ml'
import { createModelHost, createModelStore, type ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import {
  archiveEvents,
  archiveItems,
  jobRef,
  putJob,
  requestCancel,
  readJob,
  startMs,
  twoTastes,
  view,
} from '../testing/synthetic-archive.ts'
import { runTrainingJob, type TrainingJobOptions } from './run-training-job.ts'

const silent = (): void => undefined
const log: Log = { debug: silent, info: silent, warn: silent, error: silent }
const champion = { tenant: 'shop', name: 'recommender', alias: 'champion' } as const

const emptyManifest = {
  task: 'recommender',
  algorithm: 'none',
  framework: 'none',
  inputSchema: {},
  data: { rows: 1, fingerprint: 'f' },
  parameters: {},
  metrics: {},
  codeRevision: 'test',
}

describe('a training job', () => {
  let directory: string
  let objects: ObjectStore
  let models: ModelStore
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'training-'))
    objects = await openFilesystemObjectStore({ directory })
    models = createModelStore(objects, { log })
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const run = (fields: Partial<TrainingJobOptions> = {}) =>
    runTrainingJob(jobRef, {
      objects,
      log,
      owner: 'runner-1',
      stop: new AbortController().signal,
      memoryLimitBytes: 4 * 1024 ** 3,
      codeRevision: 'test',
      keepVersions: 5,
      ...fields,
    })

  it('finds the planted taste, beats popularity, publishes, and the version serves', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 120, itemsOfGroup: 60, acts: 4000 }))
    const body = { title: 'Green tea' }
    await archiveItems(objects, [
      { tenant: 'shop', id: 'tea-0', version: 1, updatedAt: '2026-01-01T00:00:00.000Z', body },
      { tenant: 'shop', id: 'tea-1', version: 1, updatedAt: '2026-01-01T00:00:00.000Z', body },
      { tenant: 'shop', id: 'tea-1', version: 2, updatedAt: '2026-01-02T00:00:00.000Z', deleted: true, body: {} },
    ])
    await putJob(objects)
    expect(await run()).toBe('succeeded')

    const job = await readJob(objects)
    expect(job).toMatchObject({
      state: 'succeeded',
      attempts: 1,
      progress: { fraction: 1 },
      result: { promoted: true },
    })
    expect(job.lease).toBeUndefined()
    expect(job.data).toMatchObject({ users: 120, items: 120, events: 4000, catalogueItems: 1 })
    expect(job.log?.some((line) => line.includes('tried on the validation part'))).toBe(true)
    const rows = job.leaderboard ?? []
    const popularity = rows.find((row) => row.parameters['halfLifeDays'] === 0)
    const winner = rows.find((row) => row.isWinner)
    expect(new Set(rows.map((row) => row.algorithm))).toEqual(new Set(['ease', 'ials', 'item-knn', 'popularity']))
    expect(winner?.metrics['ndcg@20']).toBeGreaterThan(1.3 * (popularity?.metrics['ndcg@20'] ?? 1))
    expect(winner?.role).toBe('challenger')
    expect(Object.keys(winner?.metrics ?? {}).toSorted()).toEqual([
      'coverage@20',
      'mrr@20',
      'ndcg@20',
      'novelty@20',
      'recall@20',
    ])

    await using host = createModelHost<RecommenderBundle>({
      store: models,
      log,
      budgetBytes: 100_000_000,
      loader: { decode: decodeBundle, selfCheck: runSelfCheck },
    })
    using lease = await host.acquire('shop', 'recommender')
    if (lease === undefined) throw new Error(`refused: ${JSON.stringify([...host.stats().refusals])}`)
    expect(lease.manifest).toMatchObject({
      version: job.result?.version,
      algorithm: winner?.algorithm,
      codeRevision: 'test',
    })
    expect(lease.manifest.metrics).toMatchObject({ test: winner?.metrics, 'test of popularity': popularity?.metrics })
    const { neighbours, catalogue, itemIds } = lease.model
    expect(JSON.parse(new TextDecoder().decode(catalogue))).toMatchObject([
      { id: 'tea-0', body: { title: 'Green tea' } },
    ])
    for (const lists of [neighbours.similar, neighbours.alsoViewed, neighbours.alsoBought]) {
      const first = itemIds[lists?.items[lists.starts[itemIds.indexOf('tea-0')] ?? 0] ?? -1]
      expect(first).toMatch(/^tea-/)
    }
  })

  it('compares the recipe of the champion on the same parts, and a second version replaces it', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
    await putJob(objects)
    await run()
    const first = await models.readAlias(champion)
    await putJob(objects)
    expect(await run()).toBe('succeeded')
    const job = await readJob(objects)
    const row = job.leaderboard?.find(({ role }) => role === 'champion')
    expect(row?.metrics['ndcg@20']).toBeGreaterThan(0)
    const second = await models.readAlias(champion)
    expect(second).toMatchObject({ version: job.result?.version, revision: 2, history: [first?.version] })
    const manifest = await models.readManifest({ ...champion, version: second?.version ?? '' })
    expect(manifest.metrics['test of the champion']).toEqual(row?.metrics)
  })

  describe('with old versions', () => {
    const old = ['v1', 'v2', 'v3']
    beforeEach(async () => {
      await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
      await putJob(objects)
      for (const version of old) {
        const file = ['a.bin', new Uint8Array([1])] as const
        await models.publish({ ...champion, version, ...emptyManifest, files: new Map([file]) })
        for (const path of ['a.bin', 'manifest.json']) {
          await utimes(
            join(directory, 'models/shop/recommender/versions', version, path),
            startMs / 1000,
            startMs / 1000,
          )
        }
      }
      await models.promote(champion, 'v1')
    })
    const versionsLeft = async () => (await models.listVersions(champion)).map(({ version }) => version)

    it('removes those beyond what is to be kept, once a new one is published', async () => {
      expect(await run({ keepVersions: 1 })).toBe('succeeded')
      const { result } = await readJob(objects)
      expect(await models.readAlias(champion)).toMatchObject({ version: result?.version, history: ['v1'] })
      expect(await versionsLeft()).toEqual([result?.version, 'v3', 'v1'])
    })

    it('has not failed when they cannot be removed', async () => {
      const failing: ObjectStore = {
        put: (...args) => objects.put(...args),
        get: (...args) => objects.get(...args),
        open: (...args) => objects.open(...args),
        head: (...args) => objects.head(...args),
        delete: (...args) => objects.delete(...args),
        list: (prefix, ...args) => {
          if (prefix.startsWith('models/')) throw new Error('no listing today')
          return objects.list(prefix, ...args)
        },
        stats: () => objects.stats(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
      expect(await run({ keepVersions: 1, objects: failing })).toBe('succeeded')
      const job = await readJob(objects)
      expect(job).toMatchObject({ state: 'succeeded', result: { promoted: true } })
      expect(job.log?.some((line) => line.includes('no listing today'))).toBe(true)
      expect(await versionsLeft()).toEqual([job.result?.version, ...old.toReversed()])
    })
  })

  it('gives the same recipe, figures and bytes for the same data', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 24, itemsOfGroup: 12, acts: 400 }))
    const versions = []
    for (let round = 0; round < 2; round += 1) {
      // Enough time for all there is to try.
      await putJob(objects, { budgetSeconds: 3600 })
      await run()
      versions.push(
        await models.readManifest({ ...champion, version: (await models.readAlias(champion))?.version ?? '' }),
      )
    }
    const [one, other] = versions
    expect(one?.data.fingerprint).toBe(other?.data.fingerprint)
    expect(one?.parameters).toEqual(other?.parameters)
    expect(one?.metrics['test']).toEqual(other?.metrics['test'])
    expect(one?.files).toEqual(other?.files)
  })

  it('says that there is not enough data, for good', async () => {
    await archiveEvents(
      objects,
      Array.from({ length: 30 }, (_, at) => view(`u${at % 3}`, `i${at % 7}`, startMs + at)),
    )
    await putJob(objects)
    expect(await run()).toBe('bad data')
    expect(await readJob(objects)).toMatchObject({
      state: 'failed',
      error: {
        code: 'RPT_TRAINING_NOT_ENOUGH_DATA',
        message: expect.stringContaining('not enough data: 30 interactions, 3 users'),
      },
    })
    expect(await models.readAlias(champion)).toBeUndefined()
  })

  it('says that nothing can be tested when visitors never come back', async () => {
    await archiveEvents(
      objects,
      Array.from({ length: 300 }, (_, at) => view(`u${at}`, `i${at % 7}`, startMs + at)),
    )
    await putJob(objects)
    expect(await run()).toBe('bad data')
    expect((await readJob(objects)).error?.message).toContain('new to them afterwards')
  })

  it('declines what does not fit into memory, says so, and publishes nothing that does not beat popularity', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
    await putJob(objects)
    expect(await run({ memoryLimitBytes: process.memoryUsage.rss() - 10 * 1024 ** 2 })).toBe('succeeded')
    const { leaderboard = [], result, summary } = await readJob(objects)
    const declined = leaderboard.filter((row) => row.declined !== undefined)
    expect(declined.map((row) => row.algorithm).toSorted()).toEqual(['ease', 'ials', 'item-knn'])
    expect(declined[0]?.declined).toMatch(/^needs \d+ MiB of memory, 0 MiB of \d+ MiB are free$/)
    expect(result).toBeUndefined()
    expect(summary).toContain('nothing beat popularity')
    expect(await models.readAlias(champion)).toBeUndefined()
  })

  it('cancels a running job at its next heartbeat, and leaves the record cancelled', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
    await putJob(objects, { budgetSeconds: 3600 })
    const running = run({ leaseMs: 300 })
    await vi.waitFor(async () => expect(await readJob(objects)).toMatchObject({ state: 'running' }))
    await requestCancel(objects)
    expect(await running).toBe('cancelled')
    const job = await readJob(objects)
    expect(job).toMatchObject({ state: 'cancelled' })
    expect(job.lease).toBeUndefined()
    expect(await models.readAlias(champion)).toBeUndefined()
  })

  it('gives an interrupted job back to be claimed at once, or cancels it when that was the reason', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
    for (const isCancelled of [false, true]) {
      await putJob(objects, { budgetSeconds: 3600 })
      const stop = new AbortController()
      const running = run({ stop: stop.signal })
      await vi.waitFor(async () => expect(await readJob(objects)).toMatchObject({ state: 'running' }))
      if (isCancelled) await requestCancel(objects)
      stop.abort()
      expect(await running).toBe(isCancelled ? 'cancelled' : 'interrupted')
      const job = await readJob(objects)
      expect(job).toMatchObject(isCancelled ? { state: 'cancelled' } : { state: 'queued', attempts: 0 })
      expect(job.lease).toBeUndefined()
    }
  })

  it('stops when another runner has the job, and touches nothing', async () => {
    await archiveEvents(objects, twoTastes({ visitors: 60, itemsOfGroup: 30, acts: 1500 }))
    await putJob(objects, { budgetSeconds: 3600 })
    const running = run({ leaseMs: 300 })
    await vi.waitFor(async () => expect(await readJob(objects)).toMatchObject({ state: 'running' }))
    const taken = await putJob(objects, {
      state: 'running',
      attempts: 2,
      lease: { owner: 'runner-2', expiresAt: '2999-01-01T00:00:00.000Z' },
    })
    expect(await running).toBe('not claimed')
    expect(await readJob(objects)).toEqual(taken)
  })
})
