import type { TrainingJob } from '@rapport/contracts'
import { createModelHost, type ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { decodeTextClassifier, encodeTextClassifier, runTextSelfCheck, TextClassifier } from '@rapport/text-models'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TrainingJobOptions } from '../job/run-training-job.ts'
import { generatedReviews, type LabelledText } from '../testing/text-datasets.ts'
import { openTextJobs, silentLog, type TextJobs } from '../testing/text-jobs.ts'

const champion = { tenant: 'shop', name: 'text', alias: 'champion' } as const

let jobs: TextJobs
let objects: ObjectStore
let models: ModelStore
beforeEach(async () => {
  jobs = await openTextJobs()
  ;({ objects, models } = jobs)
})
afterEach(() => jobs[Symbol.asyncDispose]())

const readJob = (): Promise<TrainingJob> => jobs.read()
const putJob = (rows: readonly LabelledText[], fields: Partial<TrainingJob> = {}): Promise<void> =>
  jobs.put(rows, fields)
const run = (fields: Partial<TrainingJobOptions> = {}) => jobs.run(fields)

describe('a training on texts', { timeout: 120_000 }, () => {
  it('publishes a champion that serves, with a leaderboard and a model card', async () => {
    await putJob(generatedReviews(300, { language: 'zh' }))
    expect(await run()).toBe('succeeded')
    const job = await readJob()
    expect(job).toMatchObject({ state: 'succeeded', result: { promoted: true }, warnings: [] })
    expect(job.data).toMatchObject({ rows: 300, labels: 2, folds: 5 })
    const [first, ...others] = job.leaderboard ?? []
    expect(first).toMatchObject({ role: 'challenger', crossValidation: { folds: 5 } })
    expect(first?.metrics['accuracy']).toBeGreaterThan(0.85)
    expect(Object.keys(first?.metrics ?? {})).toEqual(['accuracy', 'macroF1', 'logLoss', 'calibrationError'])
    expect(first?.classes?.map(({ label }) => label)).toEqual(['bad', 'good'])
    expect(first?.confusion?.flat().reduce((sum, count) => sum + count)).toBe(job.data?.['heldOutRows'])
    for (const figure of ['trainingSeconds', 'modelBytes', 'predictMs'] as const)
      expect(first?.[figure]).toBeGreaterThan(0)
    expect(others.at(-1)).toMatchObject({ role: 'baseline', algorithm: 'most-frequent' })

    await using host = createModelHost<TextClassifier>({
      store: models,
      log: silentLog,
      budgetBytes: 100_000_000,
      loader: { decode: (files) => new TextClassifier(decodeTextClassifier(files)), selfCheck: runTextSelfCheck },
    })
    using lease = await host.acquire('shop', 'text')
    if (lease === undefined) throw new Error(`refused: ${JSON.stringify([...host.stats().refusals])}`)
    const winner = job.leaderboard?.find(({ isWinner }) => isWinner)
    expect(lease.manifest).toMatchObject({
      version: job.result?.version,
      task: 'text-classification',
      framework: 'rapport',
      labels: ['bad', 'good'],
      algorithm: winner?.algorithm,
      data: { rows: 300, dataset: `reviews@${job.dataset?.version}` },
      metrics: { test: winner?.metrics, sizes: { rows: 300 } },
      warnings: [],
    })
    const probabilities = lease.model.classify(['这个水壶非常好用', '背包马上就坏了'])
    expect(probabilities[1]).toBeGreaterThan(0.7)
    expect(probabilities[2]).toBeGreaterThan(0.7)
  })

  it('gives the same model for the same data', async () => {
    const versions = []
    for (let round = 0; round < 2; round += 1) {
      await putJob(generatedReviews(120, { language: 'en' }))
      await run()
      versions.push(
        await models.readManifest({ ...champion, version: (await models.readAlias(champion))?.version ?? '' }),
      )
    }
    const [one, other] = versions
    expect(one?.version).not.toBe(other?.version)
    expect(one?.files).toEqual(other?.files)
    expect(one?.metrics['test']).toEqual(other?.metrics['test'])
    expect(other?.metrics["test of the champion's recipe, trained on these rows"]).toEqual(other?.metrics['test'])
  })

  it('tries every algorithm on little data, mixed languages and three sentiments', async () => {
    const rows = [...generatedReviews(60, { language: 'en' }), ...generatedReviews(60, { language: 'zh' })]
    const three = rows.map(({ text, label }, row) =>
      row % 4 === 0 ? { text: `${row} ok`, label: '0' } : { text, label: label === 'good' ? '1' : '-1' },
    )
    await putJob(three, {
      task: 'sentiment',
      objective: 'log-loss',
      algorithms: ['kernel-svm', 'random-forest', 'boosted-trees', 'complement-nb', 'logistic-regression'],
    })
    expect(await run()).toBe('succeeded')
    const { leaderboard = [], result } = await readJob()
    expect(new Set(leaderboard.map(({ algorithm }) => algorithm)).size).toBe(6)
    expect(leaderboard.flatMap(({ declined }) => declined ?? [])).toEqual([])
    const manifest = await models.readManifest({ ...champion, version: result?.version ?? '' })
    expect(manifest.labels).toEqual(['negative', 'neutral', 'positive'])
  })

  it('halves the candidates on many rows, and judges the best of every algorithm all the same', async () => {
    await putJob(generatedReviews(3800, { language: 'en' }), {
      algorithms: ['multinomial-nb', 'complement-nb', 'linear-svm', 'logistic-regression'],
    })
    expect(await run()).toBe('succeeded')
    const { leaderboard = [], data } = await readJob()
    expect(data?.['trainRows']).toBeGreaterThan(3000)
    const searched = leaderboard.filter(({ role }) => role !== 'baseline')
    expect(searched.map(({ algorithm }) => algorithm).sort()).toEqual([
      'complement-nb',
      'linear-svm',
      'logistic-regression',
      'multinomial-nb',
    ])
    for (const { metrics, declined } of searched) {
      expect(declined).toBeUndefined()
      expect(metrics['accuracy']).toBeGreaterThan(0.85)
    }
    // Some had left the search on fewer rows than the winner.
    expect(new Set(searched.map(({ crossValidation }) => crossValidation?.trainRows)).size).toBeGreaterThan(1)
  })

  it('leaves a better champion where it is, and says so', async () => {
    const rows = generatedReviews(300, { language: 'en', wrong: 8 })
    await putJob(rows, { algorithms: ['linear-svm'] })
    await run()
    const before = await models.readAlias(champion)
    const flipped = rows.map((row, at) => (at % 3 === 0 ? { ...row, label: 'good' } : row))
    await putJob(flipped, { algorithms: ['random-forest'], objective: 'log-loss' })
    expect(await run()).toBe('succeeded')
    const { result, summary, leaderboard = [] } = await readJob()
    const objectiveOf = (role: string): number =>
      leaderboard.find((row) => row.role === role)?.metrics['logLoss'] ?? Number.NaN
    expect(objectiveOf('challenger')).toBeGreaterThan(objectiveOf('champion'))
    expect(result).toMatchObject({ promoted: false })
    expect(summary).toContain('was not promoted: the recipe of what serves now, trained on these rows, is better')
    expect(await models.readAlias(champion)).toEqual(before)
  })

  it('judges a champion that no recipe has made by what it says itself', async () => {
    await putJob(generatedReviews(200, { language: 'en' }), { algorithms: ['linear-svm'] })
    await run()
    const made = await models.readVersion({ ...champion, version: (await models.readAlias(champion))?.version ?? '' })
    const data = decodeTextClassifier(made.files)
    const { version: _version, createdAt: _createdAt, files: _files, ...card } = made.manifest
    const other = await models.publish({ ...card, algorithm: 'starter', files: encodeTextClassifier(data) })
    await models.promote(champion, other.version)
    await putJob(generatedReviews(200, { language: 'en' }))
    expect(await run()).toBe('succeeded')
    const { leaderboard = [] } = await readJob()
    expect(leaderboard.find(({ role }) => role === 'champion')).toMatchObject({
      algorithm: 'starter',
      metrics: { accuracy: expect.any(Number) as number },
    })
  })

  it.each([
    ['too few rows', generatedReviews(20, { language: 'en' }), {}, '20 rows are too few; 30 are needed'],
    [
      'too few rows of a label',
      [...generatedReviews(60, { language: 'en' }), { text: 'hm, so so', label: 'odd' }],
      {},
      'each label needs 5 rows, but "odd" has 1',
    ],
    [
      'labels that are no sentiments',
      generatedReviews(60, { language: 'en' }),
      { task: 'sentiment' },
      'the labels bad, good are no sentiments',
    ],
  ] as const)('fails for good on %s', async (_, rows, fields, message) => {
    await putJob(rows, fields)
    expect(await run()).toBe('bad data')
    expect((await readJob()).error?.message).toContain(message)
    expect(await models.readAlias(champion)).toBeUndefined()
  })

  it('publishes nothing that does not beat the most frequent label', async () => {
    const rows = generatedReviews(120, { language: 'en', wrong: 50 }).map((row, at) =>
      at % 8 === 0 ? { ...row, label: 'bad' } : { ...row, label: 'good' },
    )
    await putJob(rows, { algorithms: ['multinomial-nb'] })
    expect(await run()).toBe('succeeded')
    const { result, summary } = await readJob()
    expect(result).toBeUndefined()
    expect(summary).toContain('nothing beat the most frequent label')
  })

  it('fails when its data set is gone, and when the memory is too little', async () => {
    await putJob(generatedReviews(60, { language: 'en' }), { dataset: { name: 'reviews', version: 'v0' } })
    expect(await run()).toBe('bad data')
    expect((await readJob()).error).toMatchObject({ code: 'RPT_DATASET_NOT_FOUND' })
    await putJob(generatedReviews(60, { language: 'en' }))
    expect(await run({ memoryLimitBytes: process.memoryUsage.rss() - 10 * 1024 ** 2 })).toBe('bad data')
    expect((await readJob()).error?.message).toMatch(/needs \d+ MiB of memory, 0 MiB of \d+ MiB are free/)
  })

  it('is cancelled in the middle of a fit, having told what it was trying', async () => {
    await putJob(generatedReviews(1200, { language: 'en' }), { algorithms: ['boosted-trees'] })
    const running = run({ leaseMs: 300 })
    await vi.waitFor(async () => expect((await readJob()).progress?.candidate).toContain('boosted-trees'), {
      timeout: 30_000,
    })
    expect((await readJob()).progress).toMatchObject({
      stage: expect.stringContaining('searching') as string,
      leftSeconds: expect.any(Number) as number,
    })
    for (;;) {
      const found = await objects.get(jobs.key)
      const job = { ...(await readJob()), cancelRequestedAt: '2026-01-01T00:00:01.000Z' }
      const changed = new TextEncoder().encode(JSON.stringify(job))
      if ((await objects.put(jobs.key, changed, { ifMatch: found?.object.etag ?? '' })).stored) break
    }
    expect(await running).toBe('cancelled')
    expect(await readJob()).toMatchObject({ state: 'cancelled' })
  })
})
