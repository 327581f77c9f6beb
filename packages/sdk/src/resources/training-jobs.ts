import type { CreateTrainingJob, TrainingJob, TrainingJobEvent, TrainingJobState } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'
import { readServerSentEvents } from '../server-sent-events.ts'

const jobPath = (id: string): string => `/v1/training-jobs/${encodeURIComponent(id)}`

/** A week: longer than any budget. */
const longestFollowMs = 7 * 24 * 3_600_000

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

  /**
   * What happens to a job from now on: lines of its log and its progress until its end, with the job as the last. The
   * stream ends early when the platform stops or the connection breaks; another call goes on from what stands then.
   */
  async *follow(id: string, { signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<TrainingJobEvent> {
    const path = `${jobPath(id)}/events`
    const response = await this.#http.send({ method: 'GET', path, signal, timeoutMs: longestFollowMs })
    for await (const { event, data } of readServerSentEvents(response.body)) {
      yield { event, data: JSON.parse(data) as unknown } as TrainingJobEvent
    }
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
