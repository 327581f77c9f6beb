import type { ModelAlias } from '@rapport/contracts'
import { ModelRefusedError } from '../errors.ts'
import type { ModelRef, VersionRef } from '../model-keys.ts'
import { type HostContext, loadIntoMemory } from './load-into-memory.ts'
import type { LoadedModel, ModelLease } from './loaded-model.ts'

/**
 * Why nothing serves: the alias names nothing or did when it could last be read, what it names is refused (and so is what it named before), memory was
 * missing, or the object store could not be read. The last two may pass by themselves.
 */
export type ModelAbsence = 'no alias' | 'refused' | 'memory budget' | 'unreadable'

/** Earlier versions that are tried when the named one must not serve and nothing serves. */
const mostFallbacks = 5

/** One model of one tenant: the version that serves now, and how it comes to be another one. */
export class ModelSlot<T> {
  readonly ref: ModelRef
  readonly #context: HostContext<T>
  #serving: LoadedModel<T> | undefined
  #refreshing: Promise<void> | undefined
  #isStale = true
  #isClosed = false
  #retryAtMs = 0
  #share = 0
  #absence: ModelAbsence | undefined
  #wasAskedFor = true

  constructor(ref: ModelRef, context: HostContext<T>) {
    this.ref = ref
    this.#context = context
  }

  get serving(): LoadedModel<T> | undefined {
    return this.#serving
  }

  /** Of the last look at the alias; undefined while something serves, and before the first look. */
  get absence(): ModelAbsence | undefined {
    return this.#serving === undefined ? this.#absence : undefined
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
    return this.use()?.lease(this.#share)
  }

  /** True when nothing serves and nobody has asked since the last call: whoever asks next may have a new slot. */
  isForgettable(): boolean {
    const isUnused = !this.#wasAskedFor && this.#serving === undefined && this.#refreshing === undefined
    this.#wasAskedFor = false
    return isUnused
  }

  /** What serves, which is used now: others are evicted before it. */
  use(): LoadedModel<T> | undefined {
    this.#wasAskedFor = true
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
    const { store, alias, log, clock, counts, pauseBetweenLooksMs } = this.#context
    let isNamed = false
    try {
      const named = await store.readAlias({ ...this.ref, alias })
      isNamed = named !== undefined
      this.#isStale = false
      if (named === undefined) this.#drop()
      this.#absence = named === undefined ? 'no alias' : await this.#follow(named)
      if (this.#absence === 'memory budget') this.#isStale = true
      // What serves because the named version must not has been given nothing.
      const serves = named !== undefined && this.#serving?.manifest.version === named.version
      this.#share = serves ? (named.share ?? 0) : 0
    } catch (error) {
      counts.readFailures += 1
      log.warn(
        { err: error, tenant: this.ref.tenant, model: this.ref.name },
        'model could not be read, will be tried again',
      )
      this.#isStale = true
      // Where there was no alias, and none was read now, there is none as far as anybody can tell.
      if (isNamed || this.#absence !== 'no alias') this.#absence = 'unreadable'
    }
    this.#retryAtMs = clock.now() + pauseBetweenLooksMs
  }

  /** Why what is named does not serve; undefined when it does. */
  async #follow(named: ModelAlias): Promise<ModelAbsence | undefined> {
    const serving = this.#serving
    if (serving !== undefined && named.revision <= serving.revision) return undefined
    if (serving?.manifest.version === named.version) {
      serving.revision = named.revision
      return undefined
    }
    // A process that serves keeps what it has; one that has just begun takes the newest earlier version that can serve.
    const earlier = serving === undefined ? (named.history ?? []).toReversed().slice(0, mostFallbacks) : []
    for (const version of new Set([named.version, ...earlier])) {
      const outcome = await this.#take({ ...this.ref, version }, named.revision)
      if (outcome !== 'refused') return outcome
    }
    return 'refused'
  }

  async #take(ref: VersionRef, revision: number): Promise<'refused' | 'memory budget' | undefined> {
    const { refusals } = this.#context
    if (refusals.finalError(ref) !== undefined) return 'refused'
    try {
      await this.#load(ref, revision)
      return undefined
    } catch (error) {
      if (!(error instanceof ModelRefusedError)) throw error
      refusals.add(ref, error)
      return error.reason === 'memory budget' ? 'memory budget' : 'refused'
    }
  }

  async #load(ref: VersionRef, revision: number): Promise<void> {
    const { store, counts, adopt } = this.#context
    const load = async (): Promise<LoadedModel<T>> =>
      loadIntoMemory(this.#context, await store.readManifest(ref), { revision, spared: this })
    const loaded = adopt(ref) ?? (await load())
    loaded.revision = revision
    if (this.#serving !== undefined) counts.swaps += 1
    this.#retire()
    this.#serving = loaded
    if (this.#isClosed) this.#retire()
  }
}
