import { ModelRefusedError } from '../errors.ts'
import { describeVersion, type ModelRef, type VersionRef } from '../model-keys.ts'
import { type HostContext, loadIntoMemory } from './load-into-memory.ts'
import type { LoadedModel, ModelLease } from './loaded-model.ts'
import type { Evictable } from './memory-budget.ts'

/** Versions that callers name themselves, beside those that aliases name and within the same memory. */
export class PinnedVersions<T> {
  readonly #context: HostContext<T>
  readonly #loaded = new Map<string, LoadedModel<T>>()
  readonly #loading = new Map<string, Promise<void>>()
  #isClosed = false

  constructor(context: HostContext<T>) {
    this.#context = context
  }

  get all(): readonly LoadedModel<T>[] {
    return [...this.#loaded.values()]
  }

  /** @throws ModelRefusedError when there is no such version or it must not serve; what the object store throws. */
  async acquire(ref: VersionRef): Promise<ModelLease<T>> {
    const key = describeVersion(ref)
    for (;;) {
      const loaded = this.#loaded.get(key)
      if (loaded !== undefined) {
        loaded.lastUsed = this.#context.nextUse()
        return loaded.lease()
      }
      if (this.#isClosed) throw new Error('the model host has ended')
      await this.#load(ref, key)
    }
  }

  /** Hands the model over to whoever serves the version under an alias from now on. */
  adopt(ref: VersionRef): LoadedModel<T> | undefined {
    const key = describeVersion(ref)
    const loaded = this.#loaded.get(key)
    this.#loaded.delete(key)
    return loaded
  }

  evictable(): readonly Evictable[] {
    return [...this.#loaded].map(([key, loaded]) => ({
      footprint: loaded.footprint,
      lastUsed: loaded.lastUsed,
      evict: () => {
        this.#context.counts.evictions += 1
        this.#retire(key, loaded)
        return loaded
      },
    }))
  }

  /** The model is gone: what comes under its name later is another one. */
  forget({ tenant, name }: ModelRef): void {
    for (const [key, loaded] of this.#loaded) {
      const { manifest } = loaded
      if (manifest.tenant === tenant && manifest.name === name) this.#retire(key, loaded)
    }
  }

  /** Resolves when the last lease has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(this.#loading.values())
    const closed = this.all
    for (const [key, loaded] of this.#loaded) this.#retire(key, loaded)
    await Promise.all(closed.map(({ released }) => released))
  }

  #retire(key: string, loaded: LoadedModel<T>): void {
    this.#loaded.delete(key)
    loaded.retire()
  }

  /** Concurrent callers share one loading. */
  #load(ref: VersionRef, key: string): Promise<void> {
    const underWay = this.#loading.get(key)
    if (underWay !== undefined) return underWay
    const loading = this.#loadOnce(ref, key).finally(() => this.#loading.delete(key))
    this.#loading.set(key, loading)
    return loading
  }

  async #loadOnce(ref: VersionRef, key: string): Promise<void> {
    const { store, refusals } = this.#context
    const refused = refusals.finalError(ref)
    if (refused !== undefined) throw refused
    // A version that is not there is no refusal: it was the caller who named it, and it may come.
    const manifest = await store.readManifest(ref)
    try {
      this.#loaded.set(key, await loadIntoMemory(this.#context, manifest, { revision: 0 }))
    } catch (error) {
      if (error instanceof ModelRefusedError) refusals.add(ref, error)
      throw error
    }
  }
}
