import type { CreateTrainingJob, TrainingJob, TrainingJobState } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'

const jobPath = (id: string): string => `/v1/training-jobs/${encodeURIComponent(id)}`

/** Training jobs of the tenant. Scope `train`. */
export class TrainingJobs {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** Queues a job; `get` tells how it goes. */
  create(job: CreateTrainingJob): Promise<TrainingJob> {
    return this.#http.json({ method: 'POST', path: '/v1/training-jobs', body: job })
  }

  get(id: string): Promise<TrainingJob> {
    return this.#http.json({ method: 'GET', path: jobPath(id) })
  }

  /** Newest first. */
  async list(query: { limit?: number; state?: TrainingJobState } = {}): Promise<readonly TrainingJob[]> {
    const { jobs } = await this.#http.json<{ jobs: TrainingJob[] }>({ method: 'GET', path: '/v1/training-jobs', query })
    return jobs
  }

  /** Asks the job to end; one that has ended stays as it is. */
  cancel(id: string): Promise<TrainingJob> {
    return this.#http.json({ method: 'POST', path: `${jobPath(id)}/cancel`, repeatable: true })
  }
}
