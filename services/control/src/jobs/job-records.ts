import { jobOfKey, type TrainingJob } from '@rapport/contracts'
import { readJob, TrainingJobError, type JobRef } from '@rapport/model-store'
import { isFinished, type JobDependencies } from '../application/training-jobs.ts'

/** A job that has not ended, and the etag of the record in which it was found. */
export interface OpenJob {
  readonly job: TrainingJob
  readonly etag: string
}

/** Looks through the records of the jobs of all tenants; what has ended is not read again. */
export class JobRecords {
  readonly #options: Pick<JobDependencies, 'objectStore' | 'clock' | 'log'>
  /** Keys of jobs that are finished, or cannot be read, with their etags: the record of another job may come to stand at the key. */
  readonly #closed = new Map<string, string>()
  readonly #startedMs: number

  constructor(options: Pick<JobDependencies, 'objectStore' | 'clock' | 'log'>) {
    this.#options = options
    this.#startedMs = options.clock.now()
  }

  /** Jobs that have not ended, and those that have since the last look, whoever ran them; none from before the start. */
  async look(): Promise<{ readonly open: readonly OpenJob[]; readonly ended: readonly TrainingJob[] }> {
    const open: OpenJob[] = []
    const ended: TrainingJob[] = []
    for await (const { key, etag } of this.#options.objectStore.list('jobs/')) {
      const ref = jobOfKey(key)
      if (ref === undefined || this.#closed.get(key) === etag) continue
      const job = await this.#readIntact(ref)
      if (job === undefined) continue
      if (job === 'corrupt') this.#closed.set(key, etag)
      else if (!isFinished(job)) open.push({ job, etag })
      else {
        this.#closed.set(key, etag)
        if (Date.parse(job.finishedAt ?? '') >= this.#startedMs) ended.push(job)
      }
    }
    return { open, ended }
  }

  /** A record that is no job stands in nobody's way: it is told of once and left alone until it changes. */
  async #readIntact(ref: JobRef): Promise<TrainingJob | 'corrupt' | undefined> {
    try {
      return await readJob(this.#options.objectStore, ref)
    } catch (error) {
      if (!(error instanceof TrainingJobError)) throw error
      this.#options.log.error({ err: error, tenant: ref.tenant, job: ref.id }, 'a training job cannot be read')
      return 'corrupt'
    }
  }
}
