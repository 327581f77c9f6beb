import { starterTenant } from '@rapport/contracts'
import type { ModelStore } from '@rapport/model-store'
import { shippedStarters, starterVersion, type StarterModel } from '@rapport/starter-texts/release'
import { createJob, type JobDependencies } from '../application/training-jobs.ts'

export interface StarterTrainingOptions extends JobDependencies {
  readonly models: Pick<ModelStore, 'readAlias'>
  /** Between two attempts where the stores do not answer. */
  readonly pollMs: number
  /** What the release brings; another one than it does in tests alone. */
  readonly starters?: readonly StarterModel[]
}

/**
 * Has the starter models of this release made where they do not serve yet: once, since jobs are numbered under
 * compare-and-set, and one that finds the version made ends at once. A release of other models has those made.
 */
export class StarterTraining implements AsyncDisposable {
  readonly #options: StarterTrainingOptions
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: StarterTrainingOptions) {
    this.#options = options
  }

  /** Looks behind whatever else starts, until it could. */
  start(): void {
    this.#looking = this.look().catch((error: unknown) => {
      const { log, pollMs } = this.#options
      log.warn({ err: error }, 'the starter models could not be looked at, will be tried again')
      if (this.#stopped) return
      this.#timer = setTimeout(() => this.start(), pollMs)
      this.#timer.unref()
    })
  }

  async look(): Promise<void> {
    for (const starter of this.#options.starters ?? shippedStarters) {
      if (!this.#stopped) await this.#lookAt(starter)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#looking
    clearTimeout(this.#timer)
  }

  async #lookAt(starter: StarterModel): Promise<void> {
    const { models, log } = this.#options
    const { model, task } = starter
    const champion = await models.readAlias({ tenant: starterTenant, name: model, alias: 'champion' })
    const version = starterVersion(starter)
    if (champion?.version === version) return
    const { created, job } = await createJob(this.#options, {
      tenant: starterTenant,
      task,
      model,
      reason: 'release',
      budgetSeconds: 60,
      eventCount: 0,
    })
    if (created) log.info({ job: job.id, model, version }, 'a starter model will be made')
  }
}
