/** Training jobs on generated texts, as the control plane makes them and a training process runs them, for the tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TrainingJob, trainingJobKey } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { createModelStore, type ModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { openFilesystemObjectStore } from '@rapport/object-store/filesystem'
import { objectFolder } from '@rapport/service-kit'
import { runTrainingJob, type TrainingEnd, type TrainingJobOptions } from '../job/run-training-job.ts'
import { type LabelledText, putDataset } from './text-datasets.ts'

const silent = (): void => undefined
export const silentLog: Log = { debug: silent, info: silent, warn: silent, error: silent }
export const textJobRef = { tenant: 'shop', id: 'text-classification-000001' } as const

export interface TextJobs extends AsyncDisposable {
  readonly objects: ObjectStore
  readonly models: ModelStore
  readonly key: string
  /** What a training process has as its folder of data. */
  readonly dataDir: string
  /** Makes the data set of the rows, and a job on it in place of the one before. */
  put(rows: readonly LabelledText[], fields?: Partial<TrainingJob>): Promise<void>
  run(fields?: Partial<TrainingJobOptions>): Promise<TrainingEnd>
  read(): Promise<TrainingJob>
}

/** In a directory of its own, which goes with it. */
export async function openTextJobs(): Promise<TextJobs> {
  const dataDir = await mkdtemp(join(tmpdir(), 'training-'))
  const objects = await openFilesystemObjectStore({ directory: objectFolder(dataDir) })
  const key = trainingJobKey(textJobRef.tenant, textJobRef.id)
  return {
    objects,
    models: createModelStore(objects, { log: silentLog }),
    key,
    dataDir,
    async put(rows, fields = {}) {
      const { version } = await putDataset(objects, 'reviews', rows)
      const job: TrainingJob = {
        ...textJobRef,
        task: 'text-classification',
        model: 'text',
        dataset: { name: 'reviews', version },
        algorithms: ['multinomial-nb', 'linear-svm'],
        objective: 'accuracy',
        state: 'queued',
        reason: 'request',
        eventCount: 0,
        budgetSeconds: 3600,
        requestedAt: '2026-01-01T00:00:00.000Z',
        attempts: 0,
        ...fields,
      }
      await objects.put(key, new TextEncoder().encode(JSON.stringify(job)))
    },
    run: (fields = {}) =>
      runTrainingJob(textJobRef, {
        objects,
        log: silentLog,
        owner: 'runner-1',
        stop: new AbortController().signal,
        memoryLimitBytes: 4 * 1024 ** 3,
        codeRevision: 'test',
        keepVersions: 5,
        ...fields,
      }),
    read: async () => JSON.parse(new TextDecoder().decode((await objects.get(key))?.body)) as TrainingJob,
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  }
}
