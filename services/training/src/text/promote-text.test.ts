import type { ModelManifest, TrainingJob } from '@rapport/contracts'
import { decodeTextClassifier, encodeTextClassifier } from '@rapport/text-models'
import { createModelStore, type ModelStore } from '@rapport/model-store'
import { ObjectStoreError, type ObjectStore } from '@rapport/object-store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generatedReviews, type LabelledText } from '../testing/text-datasets.ts'
import { openTextJobs, silentLog, type TextJobs } from '../testing/text-jobs.ts'
import { readTextChampion } from './text-champion.ts'

const champion = { tenant: 'shop', name: 'text', alias: 'champion' } as const
const good = generatedReviews(200, { language: 'en', wrong: 3 })

let jobs: TextJobs
let models: ModelStore
beforeEach(async () => {
  jobs = await openTextJobs()
  ;({ models } = jobs)
  await jobs.put(good, { algorithms: ['linear-svm'] })
  await jobs.run()
})
afterEach(() => jobs[Symbol.asyncDispose]())

/** The job's record, and whether what served before serves still. */
async function train(rows: readonly LabelledText[], fields: Partial<TrainingJob> = {}) {
  const before = await models.readAlias(champion)
  await jobs.put(rows, fields)
  const end = await jobs.run()
  const after = await models.readAlias(champion)
  return { end, ...(await jobs.read()), stays: before?.version === after?.version }
}

const manifestOf = async (version?: string) => models.readManifest({ ...champion, version: version ?? '' })
const championVersion = async (): Promise<string> => (await models.readAlias(champion))?.version ?? ''

/** The champion's classifier again, under a card that differs. */
async function replaceChampion(card: Partial<ModelManifest>, files?: Map<string, Uint8Array>): Promise<void> {
  const made = await models.readVersion({ ...champion, version: await championVersion() })
  const { version: _version, createdAt: _createdAt, files: _files, ...standing } = made.manifest
  const encoded = files ?? encodeTextClassifier(decodeTextClassifier(made.files))
  const { version } = await models.publish({ ...standing, ...card, files: encoded })
  await models.promote(champion, version)
}

describe('what a trained version of texts replaces', { timeout: 120_000 }, () => {
  it('leaves the job to another attempt when the champion cannot be read just now', async () => {
    const failing: ObjectStore = Object.assign(Object.create(jobs.objects) as ObjectStore, {
      get: (key: string) => {
        if (!key.endsWith('manifest.json')) return jobs.objects.get(key)
        throw new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', 'slow down')
      },
    })
    const context = { models: createModelStore(failing, { log: silentLog }), log: silentLog }
    const job = { tenant: 'shop', model: 'text', task: 'text-classification' } as const
    await expect(readTextChampion(job, context)).rejects.toThrow('slow down')
  })

  it('replaces a champion that can serve nobody, and says that nothing was compared', async () => {
    await replaceChampion({ algorithm: 'starter' }, new Map([['classifier.json', new TextEncoder().encode('{}')]]))
    const broken = await championVersion()
    const { result, summary, stays } = await train(good)
    expect(result).toMatchObject({ promoted: true })
    expect(stays).toBe(false)
    expect(summary).toContain(`serves now; nothing was compared: the champion, version ${broken}, cannot be read`)
  })

  it('fails for good when the champion has got another task', async () => {
    await replaceChampion({ task: 'sentiment' })
    const { end, error, stays } = await train(good)
    expect(end).toBe('bad data')
    expect(error?.message).toBe('"text" is a model of the task sentiment; give this one another name')
    expect(stays).toBe(true)
  })

  it('judges the version itself when its recipe cannot be trained here', async () => {
    const { algorithm, parameters } = await manifestOf(await championVersion())
    // No text has n-grams of so many others.
    const features = { ...(parameters['features'] as object), minDf: 100_000 }
    await replaceChampion({ algorithm, parameters: { ...parameters, features } })
    // The version has seen these rows; a forest for the first time.
    const {
      result,
      summary,
      stays,
      leaderboard = [],
    } = await train(good, {
      algorithms: ['random-forest'],
      objective: 'log-loss',
    })
    const [row, ...others] = leaderboard.filter(({ role }) => role === 'champion')
    expect(row).toMatchObject({ algorithm: 'linear-svm', metrics: { accuracy: expect.any(Number) as number } })
    expect(row?.declined).toBeUndefined()
    expect(others).toEqual([])
    expect(result).toMatchObject({ promoted: false })
    expect(stays).toBe(true)
    expect(summary).toContain('was not promoted: what serves now is better there')
    expect(Object.keys((await manifestOf(result?.version)).metrics)).toContain('test of the champion')
  })

  it('leaves a champion of other labels where it is, and says what to do', async () => {
    const topics = good.map(({ text, label }) => ({ text, label: label === 'good' ? 'good' : 'refund' }))
    const { result, summary, warnings, stays } = await train(topics)
    expect(result).toMatchObject({ promoted: false })
    expect(stays).toBe(true)
    const { version } = result!
    expect(summary).toContain(
      'was not promoted: the champion has other labels: it lacks refund, and it has bad besides',
    )
    expect(summary).toContain(`"rapport models promote text ${version}"`)
    expect(warnings?.map(({ code }) => code)).toContain('champion-mismatch')
    expect((await manifestOf(version)).warnings).toEqual(warnings)
  })

  it('leaves a champion of far more rows where it is', async () => {
    const { result, summary, warnings, stays } = await train(good.slice(0, 99))
    expect(result).toMatchObject({ promoted: false })
    expect(stays).toBe(true)
    expect(summary).toContain('the champion was trained on 200 rows, this version on 99')
    expect(warnings?.map(({ code }) => code)).toContain('champion-mismatch')
  })
})
