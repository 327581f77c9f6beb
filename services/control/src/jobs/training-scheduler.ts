import type { TrainingJob } from '@rapport/contracts'
import { entities } from '@rapport/features'
import type { ModelStore } from '@rapport/model-store'
import type { OnlineStore } from '@rapport/online-store'
import { listTenantAccess } from '@rapport/service-kit'
import { createJob, isFinished, listJobs, type JobDependencies } from '../application/training-jobs.ts'
import { decideTraining, type ScheduleOptions } from './training-schedule.ts'

export interface TrainingSchedulerOptions extends JobDependencies, ScheduleOptions {
  readonly onlineStore: OnlineStore
  readonly models: ModelStore
  readonly pollMs: number
  readonly budgetSeconds: number
  readonly firstBudgetSeconds: number
}

/** Name of the model that the task `recommender` trains. */
export const recommenderModel = 'recommender'
const looked = 20

/** How many events of a tenant have been applied: each changes the tenant's own entity once. */
export async function countAppliedEvents(onlineStore: OnlineStore, tenant: string): Promise<number> {
  const [state] = await onlineStore.read([{ entity: entities.clock(tenant), parts: [] }])
  return state?.sequence ?? 0
}

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
      for await (const { tenant } of listTenantAccess(this.#options.objectStore)) {
        if (this.#stopped) return
        await this.#lookAt(tenant)
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

  async #lookAt(tenant: string): Promise<void> {
    const { objectStore, onlineStore, models, clock } = this.#options
    const eventsApplied = await countAppliedEvents(onlineStore, tenant)
    const nowMs = clock.now()
    const seen = this.#seen.get(tenant)
    if (eventsApplied < this.#options.minEvents) return
    if (seen !== undefined && seen.events === eventsApplied && nowMs - seen.atMs < 60_000) return
    const jobs = (await listJobs(objectStore, tenant, looked)).filter((job) => job.task === 'recommender')
    const reason = decideTraining(
      {
        nowMs,
        eventsApplied,
        hasChampion: (await models.readAlias({ tenant, name: recommenderModel, alias: 'champion' })) !== undefined,
        newest: jobs[0],
        newestSuccess: jobs.find((job) => job.state === 'succeeded'),
      },
      this.#options,
    )
    if (reason !== undefined) await this.#createJob(tenant, reason, eventsApplied)
    else if (jobs.every(isFinished)) this.#seen.set(tenant, { events: eventsApplied, atMs: nowMs })
  }

  async #createJob(tenant: string, reason: TrainingJob['reason'], eventsApplied: number): Promise<void> {
    const { budgetSeconds, firstBudgetSeconds, log } = this.#options
    const { created, job } = await createJob(this.#options, {
      tenant,
      task: 'recommender',
      model: recommenderModel,
      reason,
      budgetSeconds: reason === 'first' ? firstBudgetSeconds : budgetSeconds,
      eventsApplied,
    })
    if (created) log.info({ tenant, job: job.id, reason, eventsApplied }, 'a training job was made')
  }
}
