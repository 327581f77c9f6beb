import { starterTenant, trainingJobKey, type TrainingJob } from '@rapport/contracts'
import { createModelHost } from '@rapport/model-store'
import { shippedStarters, starterVersion } from '@rapport/starter-texts/release'
import { decodeTextClassifier, runTextSelfCheck, TextClassifier } from '@rapport/text-models'
import { describe, expect, test } from 'vitest'
import { runTrainingJob } from '../job/run-training-job.ts'
import { openTextJobs, silentLog, type TextJobs } from '../testing/text-jobs.ts'
import { fitClassifier } from '../text/fit-classifier.ts'
import { revisionOf } from './fit-starter.ts'

const plain: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  sentiment: {
    negative: [
      '太差了,不会再来',
      '不好吃',
      '一点都不满意',
      '快递太慢了，包装也破了',
      'Terrible service',
      'not good',
      "I don't like it",
      'The staff was rude.',
    ],
    neutral: [
      '一般般',
      '周二送到的',
      '请问几点开门',
      'It arrived on Tuesday.',
      'The box contains a manual.',
      'It is okay',
    ],
    positive: [
      '还不错',
      '不贵',
      '没有让我失望',
      '质量很好',
      'Great product',
      'not bad at all',
      'I love it',
      'fits perfectly',
    ],
  },
  text: {
    delivery: ['快递到哪了', 'Where is my package?'],
    refund: ['我要退货', 'I want my money back'],
    defect: ['收到的杯子碎了', 'It arrived damaged'],
    payment: ['我付了两次钱', 'I was charged twice'],
    account: ['忘记密码了', 'I cannot log in'],
    promotion: ['有优惠券吗', 'The discount code does not work'],
  },
}

async function train(jobs: TextJobs, fields: Pick<TrainingJob, 'task' | 'model' | 'version' | 'id'>) {
  const job: TrainingJob = {
    ...fields,
    tenant: starterTenant,
    state: 'queued',
    reason: 'release',
    eventCount: 0,
    budgetSeconds: 60,
    requestedAt: '2026-01-01T00:00:00.000Z',
    attempts: 0,
  }
  const key = trainingJobKey(job.tenant, job.id)
  await jobs.objects.put(key, new TextEncoder().encode(JSON.stringify(job)))
  const end = await runTrainingJob(job, {
    objects: jobs.objects,
    log: silentLog,
    owner: 'runner-1',
    stop: new AbortController().signal,
    memoryLimitBytes: 4 * 1024 ** 3,
    codeRevision: 'test',
    keepVersions: 5,
  })
  return { end, job: JSON.parse(new TextDecoder().decode((await jobs.objects.get(key))?.body)) as TrainingJob }
}

test.each(shippedStarters)(
  'the starter model $model is the one that was measured, is right where anybody is, and is made once',
  async (starter) => {
    const { model, task, measured, chosenOn } = starter
    const version = starterVersion(starter)
    await using jobs = await openTextJobs()
    // Another revision has to be measured first: npm run quality -- starter --data DIR
    expect(await train(jobs, { task, model, version, id: `${task}-000001` })).toMatchObject({
      end: 'succeeded',
      job: { result: { version, promoted: true } },
    })
    await using host = createModelHost<TextClassifier>({
      store: jobs.models,
      log: silentLog,
      budgetBytes: 1e9,
      loader: { decode: (files) => new TextClassifier(decodeTextClassifier(files)), selfCheck: runTextSelfCheck },
    })
    using lease = await host.acquire(starterTenant, model)
    expect(lease?.manifest).toMatchObject({ task, metrics: measured, starter: { chosenOn } })
    const classifier = lease?.model as TextClassifier
    const { length: classes } = classifier.labels
    for (const [label, texts] of Object.entries(plain[model] ?? {})) {
      const probabilities = classifier.classify(texts)
      const wrong = texts.filter((_, row) => {
        const own = probabilities.subarray(row * classes, (row + 1) * classes)
        return own[classifier.labels.indexOf(label)] !== Math.max(...own)
      })
      expect(wrong).toEqual([])
    }
    const again = await train(jobs, { task, model, version, id: `${task}-000002` })
    expect(again).toMatchObject({ end: 'succeeded', job: { result: { version } } })
    expect(await jobs.models.listVersions({ tenant: starterTenant, name: model })).toHaveLength(1)
  },
  120_000,
)

describe('with another release beside this one', () => {
  const [starter] = shippedStarters
  if (starter === undefined) throw new Error('the release brings no starter model')
  const { task, model } = starter
  const ref = { tenant: starterTenant, name: model, alias: 'champion' } as const
  const [earlier, later] = ['starter-0-a', `starter-${starter.release + 1}-a`]

  test('a job of a later one is given back, and one of an earlier one ends', async () => {
    await using jobs = await openTextJobs()
    const given = await train(jobs, { task, model, version: later, id: `${task}-000001` })
    expect(given).toMatchObject({ end: 'interrupted', job: { state: 'queued', attempts: 0 } })
    const refused = await train(jobs, { task, model, version: earlier, id: `${task}-000002` })
    expect(refused).toMatchObject({
      end: 'bad data',
      job: { state: 'failed', error: { code: 'RPT_TRAINING_STARTER_OTHER_RELEASE' } },
    })
    expect(await jobs.models.readAlias(ref)).toBeUndefined()
  })

  test('a later version that serves goes on to, and an earlier one is replaced', async () => {
    await using jobs = await openTextJobs()
    const version = starterVersion(starter)
    const card = { task, algorithm: 'none', framework: 'none', inputSchema: {}, codeRevision: 'test' }
    const data = { rows: 1, fingerprint: 'f' }
    const made = { ...card, data, parameters: {}, metrics: {}, files: new Map() }
    for (const each of [later, earlier, version]) await jobs.models.publish({ ...ref, ...made, version: each })
    for (const [serving, then] of [
      [later, later],
      [earlier, version],
    ] as const) {
      await jobs.models.promote(ref, serving)
      const { end, job } = await train(jobs, { task, model, version, id: `${task}-000003` })
      expect([end, job.result?.promoted]).toEqual(['succeeded', then === version])
      expect((await jobs.models.readAlias(ref))?.version).toBe(then)
    }
  })
})

test('what a model answers is part of the revision', async () => {
  const texts = ['good room', 'fine room', 'bad room', 'dull room']
  const data = await Promise.all(
    [0.3, 0.3, 3].map((cost) =>
      fitClassifier(
        {
          algorithm: 'linear-svm',
          features: { analyzer: 'char', ngrams: [1, 3], minDf: 1, maxFeatures: 1_000 },
          parameters: { cost },
        },
        { texts, labels: Int32Array.of(1, 1, 0, 0), classes: 2 },
        {
          memoryLimitBytes: 1e9,
          names: ['negative', 'positive'],
          calibration: { kind: 'temperature', temperature: 1 },
        },
      ),
    ),
  )
  const [one, same, other] = data.map((each) => revisionOf(['the same'], each))
  expect(same).toBe(one)
  expect(other).not.toBe(one)
})

test('a release makes no other model in the tenant of starter models', async () => {
  await using jobs = await openTextJobs()
  const { end, job } = await train(jobs, { task: 'sentiment', model: 'mine', id: 'sentiment-000001' })
  expect([end, job.error?.code]).toEqual(['bad data', 'RPT_TRAINING_JOB_INVALID'])
})
