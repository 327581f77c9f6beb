import type { Alias, ModelAlias } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import { ModelRefusedError } from '../errors.ts'
import { describeVersion, type ModelRef, type VersionRef } from '../model-keys.ts'
import type { ModelStore } from '../model-store.ts'
import { loadVersion } from './load-version.ts'
import { LoadedModel, type ModelLease } from './loaded-model.ts'
import type { MemoryBudget } from './memory-budget.ts'
import { fileBytes, type ModelLoader } from './model-loader.ts'
import type { Refusals } from './refusals.ts'

/** What the slots of one host share. */
export interface SlotContext<T> {
  readonly store: ModelStore
  readonly loader: ModelLoader<T>
  readonly alias: Alias
  readonly budget: MemoryBudget
  readonly refusals: Refusals
  readonly clock: Clock
  readonly log: Log
  /** Takes memory for a slot, at the cost of others. */
  readonly reserve: (bytes: number, slot: ModelSlot<T>) => Promise<boolean>
  readonly counts: { loads: number; swaps: number; evictions: number; readFailures: number }
  readonly nextUse: () => number
}

/**
 * Between two looks on behalf of requests while nothing serves: a first champion is found this soon, also when the process
 * that should tell of it has died.
 */
const pauseBetweenLooksMs = 1000
/** Earlier versions that are tried when the named one must not serve and nothing serves. */
const mostFallbacks = 5

/** One model of one tenant: the version that serves now, and how it comes to be another one. */
export class ModelSlot<T> {
  readonly ref: ModelRef
  readonly #context: SlotContext<T>
  #serving: LoadedModel<T> | undefined
  #refreshing: Promise<void> | undefined
  #isStale = true
  #isClosed = false
  #retryAtMs = 0

  constructor(ref: ModelRef, context: SlotContext<T>) {
    this.ref = ref
    this.#context = context
  }

  get serving(): LoadedModel<T> | undefined {
    return this.#serving
  }

  /** Nothing serves, and a look at the alias may change that: none has been done, one is under way, or the last one is a while ago. */
  get needsLook(): boolean {
    if (this.#serving !== undefined) return false
    return this.#refreshing !== undefined || this.#context.clock.now() >= this.#retryAtMs
  }

  /** Changes of the alias matter now. Not after an eviction: the model is loaded again when it is asked for. */
  get isWatched(): boolean {
    return this.#serving !== undefined || this.#refreshing !== undefined || !this.#isStale
  }

  lease(): ModelLease<T> | undefined {
    return this.use()?.lease()
  }

  /** What serves, which is used now: others are evicted before it. */
  use(): LoadedModel<T> | undefined {
    if (this.#serving !== undefined) this.#serving.lastUsed = this.#context.nextUse()
    return this.#serving
  }

  /** Brings the slot to what the alias names. Never rejects; concurrent callers share one run, a call during a run adds one. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** As `refresh`, but looks again when a look is already under way, which may have begun before the change. */
  async refreshAfterChange(): Promise<void> {
    await this.#refreshing
    await this.refresh()
  }

  evict(): { readonly released: Promise<void> } {
    const evicted = this.#serving
    if (evicted === undefined) return { released: Promise.resolve() }
    this.#context.counts.evictions += 1
    this.#isStale = true
    this.#retryAtMs = 0
    this.#retire()
    return evicted
  }

  /** Resolves when the last lease has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#refreshing
    const closed = this.#serving
    this.#retire()
    await closed?.released
  }

  #retire(): void {
    const retired = this.#serving
    this.#serving = undefined
    retired?.retire()
  }

  /** The alias is gone, and its model with it: what comes later under the name has revisions of its own. */
  #drop(): void {
    if (this.#serving === undefined) return
    const { tenant, name } = this.ref
    this.#context.log.info({ tenant, model: name }, 'the alias is gone, its model no longer serves')
    this.#retire()
  }

  async #refreshOnce(): Promise<void> {
    const { store, alias, log, clock, counts } = this.#context
    try {
      const named = await store.readAlias({ ...this.ref, alias })
      this.#isStale = false
      if (named === undefined) this.#drop()
      else if (!(await this.#follow(named))) this.#isStale = true
    } catch (error) {
      counts.readFailures += 1
      log.warn(
        { err: error, tenant: this.ref.tenant, model: this.ref.name },
        'model could not be read, will be tried again',
      )
      this.#isStale = true
    }
    this.#retryAtMs = clock.now() + pauseBetweenLooksMs
  }

  /** False when memory was missing, which may pass. */
  async #follow(named: ModelAlias): Promise<boolean> {
    const serving = this.#serving
    if (serving !== undefined && named.revision <= serving.revision) return true
    if (serving?.manifest.version === named.version) {
      serving.revision = named.revision
      return true
    }
    // A process that serves keeps what it has; one that has just begun takes the newest earlier version that can serve.
    const earlier = serving === undefined ? (named.history ?? []).toReversed().slice(0, mostFallbacks) : []
    for (const version of new Set([named.version, ...earlier])) {
      const outcome = await this.#take({ ...this.ref, version }, named.revision)
      if (outcome !== 'refused') return outcome === 'serves'
    }
    return true
  }

  async #take(ref: VersionRef, revision: number): Promise<'serves' | 'refused' | 'no memory'> {
    const { refusals } = this.#context
    if (refusals.isFinal(ref)) return 'refused'
    try {
      await this.#load(ref, revision)
      return 'serves'
    } catch (error) {
      if (!(error instanceof ModelRefusedError)) throw error
      refusals.add(ref, error)
      return error.reason === 'memory budget' ? 'no memory' : 'refused'
    }
  }

  async #load(ref: VersionRef, revision: number): Promise<void> {
    const { store, loader, budget, log, counts } = this.#context
    const manifest = await store.readManifest(ref)
    const bytes = loader.estimateBytes?.(manifest) ?? fileBytes(manifest)
    if (!(await this.#context.reserve(bytes, this))) {
      const room = `${bytes} bytes do not fit beside ${budget.usedBytes} of ${budget.totalBytes}`
      throw new ModelRefusedError('memory budget', `${describeVersion(ref)}: ${room}`)
    }
    let model: T
    try {
      model = await loadVersion(store, manifest, loader)
    } catch (error) {
      budget.release(bytes)
      throw error
    }
    const loaded = new LoadedModel({ model, manifest, revision, bytes }, () => {
      loader.dispose?.(model)
      budget.release(bytes)
    })
    loaded.lastUsed = this.#context.nextUse()
    counts.loads += 1
    if (this.#serving !== undefined) counts.swaps += 1
    this.#retire()
    this.#serving = loaded
    if (this.#isClosed) this.#retire()
    log.info({ tenant: ref.tenant, model: ref.name, version: ref.version, revision, bytes }, 'model version serves')
  }
}
