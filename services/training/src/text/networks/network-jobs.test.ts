import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TrainingJob } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { createTextExplainer, decodeTextClassifier, runTextSelfCheck, TextClassifier } from '@rapport/text-models'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generatedReviews } from '../../testing/text-datasets.ts'
import { openTextJobs, silentLog, textJobRef, type TextJobs } from '../../testing/text-jobs.ts'

const champion = { tenant: 'shop', name: 'text', alias: 'champion' } as const
const reviews = generatedReviews(80, { language: 'zh', wrong: 0 })

let jobs: TextJobs
beforeEach(async () => {
  jobs = await openTextJobs()
})
afterEach(() => jobs[Symbol.asyncDispose]())

/** What a log says with that message, and everything that it was handed. */
function listen(): { readonly log: Log; readonly of: (message: string) => Record<string, unknown>[] } {
  const heard: { readonly fields: Record<string, unknown>; readonly message: string }[] = []
  const write = (fields: object, message = ''): void => {
    heard.push({ fields: { ...fields }, message })
  }
  return {
    log: { debug: write, info: write, warn: write, error: write },
    of: (wanted) => heard.filter(({ message }) => message === wanted).map(({ fields }) => fields),
  }
}

async function published(): Promise<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly check: unknown }> {
  const { version = '' } = (await jobs.models.readAlias(champion)) ?? {}
  const { files, manifest } = await jobs.models.readVersion({ ...champion, version })
  return { files, check: manifest.selfCheck }
}

const rowOf = (job: TrainingJob, algorithm: string) => job.leaderboard?.find((row) => row.algorithm === algorithm)

/** The store, which calls when a network's epochs are kept. */
const watched = (objects: ObjectStore, onCheckpoint: (saved: number, key: string) => void): ObjectStore => {
  let saved = 0
  return new Proxy(objects, {
    get(target, name) {
      if (name !== 'put') {
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      return async (...args: Parameters<ObjectStore['put']>) => {
        const outcome = await target.put(...args)
        if (args[0].startsWith('checkpoints/')) onCheckpoint((saved += 1), args[0])
        return outcome
      }
    },
  })
}

const keptKeys = async (): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of jobs.objects.list('checkpoints/')) keys.push(key)
  return keys
}

describe('a job with networks', { timeout: 180_000 }, () => {
  it('has them on its leaderboard, says what they compute on, and publishes one that serves and explains', async () => {
    const { log, of } = listen()
    await jobs.put(reviews, { algorithms: ['text-cnn'], budgetSeconds: 1 })
    expect(await jobs.run({ log })).toBe('succeeded')
    const job = await jobs.read()
    const row = rowOf(job, 'text-cnn')
    expect(row).toMatchObject({ role: 'challenger', crossValidation: { folds: expect.any(Number) as number } })
    expect(Object.keys(row?.metrics ?? {})).toEqual(['accuracy', 'macroF1', 'logLoss', 'calibrationError'])
    expect(row?.metrics['accuracy']).toBeGreaterThan(0.7)
    expect(row?.modelBytes).toBeGreaterThan(10_000)
    expect(of('networks are trained here')).toEqual([
      expect.objectContaining({
        backend: expect.stringMatching(/^(native-(cpu|gpu)|wasm)$/) as string,
        device: expect.stringMatching(/ x \d+$/) as string,
      }),
    ])
    const [first] = of('a network is trained')
    expect(first).toMatchObject({ algorithm: 'text-cnn', firstStepMs: expect.any(Number) as number, resumedEpochs: 0 })
    expect(of('epoch').length).toBeGreaterThan(10)
    const [stopped, onAll] = of('a network is trained').slice(-2)
    expect([stopped?.['isOnAll'], onAll?.['isOnAll']]).toEqual([false, true])
    expect(onAll).toMatchObject({ rows: stopped?.['rows'], bestEpoch: stopped?.['bestEpoch'] })

    const { files, check } = await published()
    const classifier = new TextClassifier(decodeTextClassifier(files))
    runTextSelfCheck(classifier, check)
    const [praise, blame] = ['用了两个星期，这个水壶非常好用', '今年冬天，这个背包马上就坏了'] as const
    const [, good = 0, , alsoGood = 0] = classifier.classify([praise, blame])
    expect(good).toBeGreaterThan(alsoGood)
    const explain = createTextExplainer(classifier)
    const { tokens } = await explain(praise, 1, { seed: 1, samples: 200 })
    expect(tokens.length).toBeGreaterThan(2)
  })

  it('compares them with the others, for macro-F1 with balanced classes', async () => {
    const algorithms: TrainingJob['algorithms'] = ['multinomial-nb', 'cnn-lstm']
    await jobs.put(reviews, { algorithms, budgetSeconds: 4, objective: 'macro-f1' })
    expect(await jobs.run()).toBe('succeeded')
    const job = await jobs.read()
    expect(rowOf(job, 'multinomial-nb')?.metrics['accuracy']).toBeGreaterThan(0.8)
    expect(rowOf(job, 'cnn-lstm')).toMatchObject({ parameters: { network: { balanced: true } } })
    expect(rowOf(job, 'cnn-lstm')?.crossValidation?.mean).toBeGreaterThan(0.5)
    expect(job.leaderboard?.filter(({ isWinner }) => isWinner)).toHaveLength(1)
  })

  it('goes on after the last epoch when it was interrupted, to the same model, and keeps nothing', async () => {
    const algorithms: TrainingJob['algorithms'] = ['text-cnn']
    await jobs.put(reviews, { algorithms, budgetSeconds: 1 })
    expect(await jobs.run()).toBe('succeeded')
    const whole = await published()

    await jobs.put(reviews, { algorithms, budgetSeconds: 1 })
    const stop = new AbortController()
    const objects = watched(jobs.objects, (saved) => {
      if (saved === 3) stop.abort()
    })
    expect(await jobs.run({ objects, stop: stop.signal })).toBe('interrupted')
    expect(await keptKeys()).toHaveLength(1)

    const stopOnAll = new AbortController()
    const watchedOnAll = watched(jobs.objects, (_saved, key) => {
      if (key.endsWith('-all.bin')) stopOnAll.abort()
    })
    const second = listen()
    expect(await jobs.run({ objects: watchedOnAll, stop: stopOnAll.signal, log: second.log })).toBe('interrupted')
    expect(second.of('a network is trained')[0]).toMatchObject({ resumedEpochs: 3 })

    const { log, of } = listen()
    expect(await jobs.run({ log })).toBe('succeeded')
    expect(of('a network is trained').find(({ isOnAll }) => isOnAll)).toMatchObject({ resumedEpochs: 1 })
    expect((await published()).files).toEqual(whole.files)
    expect(await keptKeys()).toEqual([])
  })

  it('goes on after the last epoch when its process was killed', async () => {
    await jobs.put(reviews, { algorithms: ['text-cnn'], budgetSeconds: 1 })
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../main.ts')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {
        RAPPORT_DATA_DIR: jobs.dataDir,
        RAPPORT_TRAINING_TENANT: textJobRef.tenant,
        RAPPORT_TRAINING_JOB: textJobRef.id,
      },
    })
    let epochs = 0
    for await (const line of createInterface(child.stdout)) {
      if (line.includes('"msg":"epoch"') && (epochs += 1) === 2) child.kill('SIGKILL')
    }
    const job = await jobs.read()
    expect(job.state).toBe('running')
    // Time passes: the lease that the dead process has left is over.
    const over = { ...job, lease: { owner: 'dead', expiresAt: '2026-01-01T00:00:00.000Z' } }
    await jobs.objects.put(jobs.key, new TextEncoder().encode(JSON.stringify(over)))
    const { log, of } = listen()
    expect(await jobs.run({ log })).toBe('succeeded')
    expect(of('a network is trained')[0]?.['resumedEpochs']).toBeGreaterThanOrEqual(2)
    expect(await jobs.read()).toMatchObject({ attempts: 2, result: { promoted: true } })
  })

  it('reports the epoch, and is cancelled between two steps', async () => {
    await jobs.put(reviews, { algorithms: ['bilstm'] })
    let stage = ''
    const objects = watched(jobs.objects, (saved) => {
      if (saved === 2) void cancel()
    })
    const cancel = async (): Promise<void> => {
      for (;;) {
        const found = await jobs.objects.get(jobs.key)
        const job = await jobs.read()
        stage = job.progress?.stage ?? ''
        const changed = JSON.stringify({ ...job, cancelRequestedAt: '2026-01-01T00:00:01.000Z' })
        const outcome = await jobs.objects.put(jobs.key, new TextEncoder().encode(changed), {
          ifMatch: found?.object.etag ?? '',
        })
        if (outcome.stored) return
      }
    }
    expect(await jobs.run({ objects, leaseMs: 1000 })).toBe('cancelled')
    expect(stage).toMatch(/^training a network, fold \d of 5/)
    expect((await jobs.read()).progress?.stage).toContain(', epoch ')
    expect(await keptKeys()).toEqual([])
  })

  it.skipIf(existsSync('/proc/driver/nvidia'))('fails for good where it asks for a GPU and there is none', async () => {
    await jobs.put(reviews, { algorithms: ['multinomial-nb'], device: 'gpu' })
    expect(await jobs.run({ log: silentLog })).toBe('bad data')
    expect((await jobs.read()).error).toMatchObject({
      code: 'RPT_TRAINING_NO_GPU',
      message: expect.stringContaining('the job asks for a GPU, and there is none here') as string,
    })
  })

  it('removes what an earlier job of the task has left', async () => {
    const left = 'checkpoints/shop/text-classification-000000/text-cnn-0.bin'
    await jobs.objects.put(left, new Uint8Array(1))
    await jobs.objects.put('checkpoints/shop/sentiment-000001/text-cnn-0.bin', new Uint8Array(1))
    await jobs.put(reviews)
    expect(await jobs.run()).toBe('succeeded')
    expect(await keptKeys()).toEqual(['checkpoints/shop/sentiment-000001/text-cnn-0.bin'])
  })
})
