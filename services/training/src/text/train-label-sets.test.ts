import { decodeTextClassifier, TextClassifier } from '@rapport/text-models'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generatedComplaints, generatedReviews } from '../testing/text-datasets.ts'
import { openTextJobs, type TextJobs } from '../testing/text-jobs.ts'

let jobs: TextJobs
beforeEach(async () => {
  jobs = await openTextJobs()
})
afterEach(() => jobs[Symbol.asyncDispose]())

const alias = { tenant: 'shop', name: 'text', alias: 'champion' } as const
const all = ['multinomial-nb', 'linear-svm', 'logistic-regression', 'random-forest', 'text-cnn'] as const

describe('a training on texts with several labels', { timeout: 120_000 }, () => {
  it('publishes a champion that gives each text as many labels as it has', async () => {
    await jobs.put(generatedComplaints(300), { algorithms: [...all] })
    expect(await jobs.run()).toBe('succeeded')
    const { leaderboard = [], result, warnings } = await jobs.read()
    expect(result?.promoted).toBe(true)
    expect(warnings).toEqual([])
    expect(leaderboard.map(({ algorithm }) => algorithm).toSorted()).toEqual([
      'linear-svm',
      'logistic-regression',
      'most-frequent',
    ])
    const [winner] = leaderboard
    expect(Object.keys(winner?.metrics ?? {})).toEqual([
      'accuracy',
      'microF1',
      'macroF1',
      'hammingLoss',
      'logLoss',
      'calibrationError',
    ])
    expect(winner?.metrics['accuracy']).toBeGreaterThan(0.9)
    expect(winner?.metrics['calibrationError']).toBeLessThan(0.05)
    expect(winner?.confusion).toBeUndefined()
    expect(leaderboard.at(-1)?.metrics['accuracy']).toBeLessThan(0.5)

    const version = (await jobs.models.readAlias(alias))?.version ?? ''
    const { manifest, files } = await jobs.models.readVersion({ tenant: 'shop', name: 'text', version })
    expect(manifest).toMatchObject({
      labels: ['delivery', 'price', 'quality'],
      parameters: { calibration: 'independent', multiLabel: true },
    })
    const rows = manifest.metrics['rows by label'] ?? {}
    expect(Object.values(rows).reduce((sum, count) => sum + count)).toBeGreaterThan(300)
    const classifier = new TextClassifier(decodeTextClassifier(files))
    expect(classifier.isMultiLabel).toBe(true)
    const probabilities = classifier.classify(['the parcel came late; the seam broke', 'it costs too much'])
    expect([...probabilities].map(Math.round)).toEqual([1, 0, 1, 0, 1, 0])
  })

  it('does not replace a champion that gives one label, nor is it replaced by one', async () => {
    await jobs.put(generatedReviews(120, { language: 'en' }))
    await jobs.run()
    const before = await jobs.models.readAlias(alias)
    await jobs.put(generatedComplaints(120), { algorithms: ['linear-svm'] })
    expect(await jobs.run()).toBe('succeeded')
    expect(await jobs.read()).toMatchObject({
      result: { promoted: false },
      warnings: [{ code: 'champion-mismatch' }],
    })
    expect(await jobs.models.readAlias(alias)).toEqual(before)
  })

  it('needs an algorithm that learns them, and is no sentiment', async () => {
    await jobs.put(generatedComplaints(120), { algorithms: ['multinomial-nb'] })
    expect(await jobs.run()).toBe('bad data')
    expect((await jobs.read()).error?.message).toContain('learnt by linear-svm and logistic-regression alone')
    await jobs.put(generatedComplaints(120), { task: 'sentiment' })
    expect(await jobs.run()).toBe('bad data')
    expect((await jobs.read()).error).toMatchObject({ code: 'RPT_TRAINING_NOT_ENOUGH_DATA' })
  })
})
