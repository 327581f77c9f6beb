import { recommenderModelName } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { ModelHost, ModelLease as HostLease } from '@rapport/model-store'
import type { ModelView } from '../domain/model-view.ts'
import type { ModelLease, RecommenderModels } from '../ports.ts'
import { within } from './deadline.ts'

export type ModelVersion = Pick<ModelView, 'version' | 'createdAt'>

export interface HostedModelsOptions {
  readonly host: ModelHost<ModelView>
  readonly log: Log
  /** An answer waits this long for a model that is still being loaded; the loading goes on behind it. */
  readonly timeoutMs: number
}

/** The tenants' champions from the model host, in time or not at all. */
export class HostedModels implements RecommenderModels {
  private readonly options: HostedModelsOptions
  private readonly asked = new Set<string>()
  private readonly serving = new Map<string, ModelVersion>()

  constructor(options: HostedModelsOptions) {
    this.options = options
  }

  async acquire(tenant: string): Promise<ModelLease | undefined> {
    const { host } = this.options
    const lease = host.tryAcquire(tenant, recommenderModelName)
    if (lease !== undefined) return this.note(tenant, lease)
    this.serving.delete(tenant)
    // Only the first request of a tenant waits; without a champion every other one would.
    if (this.asked.has(tenant)) return undefined
    this.asked.add(tenant)
    return this.acquireFirst(tenant)
  }

  servingVersion(tenant: string): string | undefined {
    return this.options.host.servingVersion(tenant, recommenderModelName)
  }

  private async acquireFirst(tenant: string): Promise<ModelLease | undefined> {
    const { host, log, timeoutMs } = this.options
    const acquiring = host.acquire(tenant, recommenderModelName)
    try {
      const lease = await within(acquiring, timeoutMs, 'The model host')
      return lease === undefined ? undefined : this.note(tenant, lease)
    } catch (error) {
      log.info({ err: error, tenant }, 'an answer goes out before the model is loaded')
      // Whatever comes after the deadline is given back.
      acquiring.then(
        (late) => late?.[Symbol.dispose](),
        (cause: unknown) => log.warn({ err: cause, tenant }, 'the model could not be loaded'),
      )
      return undefined
    }
  }

  /** The versions that answered last, by tenant. */
  versions(): ReadonlyMap<string, ModelVersion> {
    return this.serving
  }

  private note(tenant: string, lease: HostLease<ModelView>): ModelLease {
    const view = lease.model
    const { version, createdAt } = view
    if (this.serving.get(tenant)?.version !== version) this.serving.set(tenant, { version, createdAt })
    return { view, [Symbol.dispose]: () => lease[Symbol.dispose]() }
  }
}
