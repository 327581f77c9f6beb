import { starterTenant, type TrainingJob } from '@rapport/contracts'
import type { ModelStore } from '@rapport/model-store'
import { isOfLaterRelease, shippedStarters, starterVersion, type StarterModel } from '@rapport/starter-texts/release'
import { cancelJob, createJob, type JobDependencies } from '../application/training-jobs.ts'

export interface StarterTrainingOptions extends JobDependencies {
  readonly models: Pick<ModelStore, 'readAlias'>
  /** Between two attempts where the stores do not answer. */
  readonly pollMs: number
  /** Until the look after the first one, where a model does not serve yet. Default a minute. */
  readonly againMs?: number
  /** What the release brings; another one than it does in tests alone. */
  readonly starters?: readonly StarterModel[]
}

/** Whether a model of this release or of a later one serves, or is being made: by a job that the look has made or found. */
type Found = 'serves' | 'made' | 'under way'

const mostAgainMs = 60 * 60 * 1000

/**
 * Has the starter models of this release made where neither they nor those of a later one serve, each by one job, since
 * jobs are numbered under compare-and-set. Looks again until they serve: after a job that has failed it makes another,
 * from time to time more rarely.
 */
export class StarterTraining implements AsyncDisposable {
  readonly #options: StarterTrainingOptions
  #againMs: number
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: StarterTrainingOptions) {
    this.#options = options
    this.#againMs = options.againMs ?? 60_000
  }

  /** Looks behind whatever else starts, until all of them serve. */
  start(): void {
    this.#looking = this.#lookAndGoOn()
  }

  async look(): Promise<readonly Found[]> {
    const found: Found[] = []
    for (const starter of this.#options.starters ?? shippedStarters) {
      if (!this.#stopped) found.push(await this.#lookAt(starter))
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#looking
    clearTimeout(this.#timer)
  }

  async #lookAndGoOn(): Promise<void> {
    const waitMs = await this.#lookForWait()
    if (waitMs === undefined || this.#stopped) return
    this.#timer = setTimeout(() => this.start(), waitMs)
    this.#timer.unref()
  }

  /** Until the next look; undefined when there is nothing more to look for. */
  async #lookForWait(): Promise<number | undefined> {
    const { log, pollMs } = this.#options
    try {
      const found = await this.look()
      if (found.every((each) => each === 'serves')) return undefined
      const waitMs = this.#againMs
      if (found.includes('made')) this.#againMs = Math.min(2 * waitMs, mostAgainMs)
      return waitMs
    } catch (error) {
      log.warn({ err: error }, 'the starter models could not be looked at, will be tried again')
      return pollMs
    }
  }

  async #lookAt(starter: StarterModel): Promise<Found> {
    const { models, log } = this.#options
    const { model, task } = starter
    const champion = await models.readAlias({ tenant: starterTenant, name: model, alias: 'champion' })
    const version = starterVersion(starter)
    if (champion !== undefined && (champion.version === version || isOfLaterRelease(champion.version, starter))) {
      return 'serves'
    }
    const { created, job } = await createJob(this.#options, {
      tenant: starterTenant,
      task,
      model,
      version,
      reason: 'release',
      budgetSeconds: 60,
      eventCount: 0,
    })
    if (!created) {
      if (this.#isLeftBehind(job, starter)) await cancelJob(this.#options, job)
      return 'under way'
    }
    log.info({ job: job.id, model, version }, 'a starter model will be made')
    return 'made'
  }

  /** Of a later release, and none of its processes has taken it: the installation has gone back to this one. */
  #isLeftBehind({ state, version = '', requestedAt }: TrainingJob, starter: StarterModel): boolean {
    const ageMs = this.#options.clock.now() - Date.parse(requestedAt)
    return state === 'queued' && isOfLaterRelease(version, starter) && ageMs > mostAgainMs
  }
}
