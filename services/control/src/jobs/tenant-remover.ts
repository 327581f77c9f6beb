import { topics } from '@rapport/contracts'
import type { Follower } from '@rapport/messaging'
import { listTenantRemovals } from '@rapport/service-kit'
import { removeTenant, type RemoveTenantOptions } from '../application/remove-tenant.ts'

export interface TenantRemoverOptions extends Omit<RemoveTenantOptions, 'signal' | 'pollMs'> {
  /** How often removals are looked for when nothing wakes the remover. */
  readonly pollMs: number
}

const waitPollMs = 50

/**
 * Carries out removals of tenants, one at a time, as the records in the object store ask for them: woken by changes of
 * access, at its start, and from time to time. One that fails is begun again at the next look.
 */
export class TenantRemover implements AsyncDisposable {
  readonly #options: TenantRemoverOptions
  readonly #stopping = new AbortController()
  #follower: Follower | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #isLookDue = false

  constructor(options: TenantRemoverOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#follower = await this.#options.eventLog.follow(topics.access.name, () => void this.look())
    this.#schedule()
  }

  /** Carries out what is asked for now. Never rejects. */
  look(): Promise<void> {
    if (this.#isLookDue) return this.#looking
    this.#isLookDue = true
    this.#looking = this.#looking
      .then(() => {
        this.#isLookDue = false
        return this.#look()
      })
      .catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return
        this.#options.log.warn({ err: error }, 'removals could not be looked for; the next look may work')
      })
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#follower?.[Symbol.asyncDispose]()
    await this.#looking
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return
    this.#timer = setTimeout(() => {
      void this.look().then(() => this.#schedule())
    }, this.#options.pollMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const { objectStore, log } = this.#options
    const { signal } = this.#stopping
    for await (const removal of listTenantRemovals(objectStore)) {
      if (signal.aborted) return
      const { tenant } = removal
      log.info({ tenant }, 'removing a tenant')
      try {
        await removeTenant({ ...this.#options, pollMs: waitPollMs, signal }, removal)
        log.info({ tenant }, 'the tenant is removed')
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error, tenant }, 'a tenant could not be removed; the next look begins again')
      }
    }
  }
}
