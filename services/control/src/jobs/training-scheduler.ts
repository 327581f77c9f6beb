import type { TrainingJob } from '@rapport/contracts'
import type { ModelStore } from '@rapport/model-store'
import { listTenantAccess } from '@rapport/service-kit'
import { createJob, isFinished, listJobs, type JobDependencies } from '../application/training-jobs.ts'
import { readEventCounts } from './event-counts.ts'
import { decideTraining, type ScheduleOptions } from './training-schedule.ts'

export interface TrainingSchedulerOptions extends JobDependencies, ScheduleOptions {
  readonly models: ModelStore
  readonly pollMs: number
  readonly budgetSeconds: number
  readonly firstBudgetSeconds: number
}

/** Name of the model that the task `recommender` trains. */
export const recommenderModel = 'recommender'
const looked = 20

/** Makes training jobs when a tenant's events ask for them. */
export class TrainingScheduler implements AsyncDisposable {
  readonly #options: TrainingSchedulerOptions
  /** Events at the last look that led to nothing, by tenant: without new ones, or time, another look is for nothing. */
  readonly #seen = new Map<string, { readonly events: number; readonly atMs: number }>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: TrainingSchedulerOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#looking = this.look().finally(() => this.start())
    }, this.#options.pollMs)
    this.#timer.unref()
  }

  /** Looks at every tenant once. */
  async look(): Promise<void> {
    try {
      const counts = await readEventCounts(this.#options.objectStore)
      for await (const { tenant } of listTenantAccess(this.#options.objectStore)) {
        if (this.#stopped) return
        await this.#lookAt(tenant, counts.get(tenant) ?? 0).catch((error: unknown) => {
          // The other tenants' trainings do not wait for this one's trouble.
          this.#options.log.warn({ err: error, tenant }, 'the training schedule of a tenant could not be looked at')
        })
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the training schedule could not be looked at; the next look may work')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#looking
    clearTimeout(this.#timer)
  }

  async #lookAt(tenant: string, eventCount: number): Promise<void> {
    const { objectStore, models, clock } = this.#options
    const nowMs = clock.now()
    const seen = this.#seen.get(tenant)
    if (eventCount < this.#options.minEvents) return
    if (seen !== undefined && seen.events === eventCount && nowMs - seen.atMs < 60_000) return
    const jobs = await listJobs(objectStore, tenant, { limit: looked, tasks: ['recommender'] })
    const reason = decideTraining(
      {
        nowMs,
        eventCount,
        hasChampion: (await models.readAlias({ tenant, name: recommenderModel, alias: 'champion' })) !== undefined,
        newest: jobs[0],
        newestSuccess: jobs.find((job) => job.state === 'succeeded'),
      },
      this.#options,
    )
    if (reason !== undefined) await this.#createJob(tenant, reason, eventCount)
    else if (jobs.every(isFinished)) this.#seen.set(tenant, { events: eventCount, atMs: nowMs })
  }

  async #createJob(tenant: string, reason: TrainingJob['reason'], eventCount: number): Promise<void> {
    const { budgetSeconds, firstBudgetSeconds, log } = this.#options
    const { created, job } = await createJob(this.#options, {
      tenant,
      task: 'recommender',
      model: recommenderModel,
      reason,
      budgetSeconds: reason === 'first' ? firstBudgetSeconds : budgetSeconds,
      eventCount,
    })
    if (created) log.info({ tenant, job: job.id, reason, eventCount }, 'a training job was made')
  }
}
