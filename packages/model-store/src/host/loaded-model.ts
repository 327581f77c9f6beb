import type { ModelManifest } from '@rapport/contracts'
import type { Footprint } from './memory-budget.ts'

/** A use of a loaded model: it stays in memory until the lease is disposed (`using lease = …`). */
export interface ModelLease<T> extends Disposable {
  readonly model: T
  readonly manifest: ModelManifest
  /** Revision of the alias under which the version serves. */
  readonly revision: number
  /** Of the challenger: the share of the calls that its alias gives it; 0 when the alias names none or another version. */
  readonly share: number
}

/** A model in memory with the count of its leases; disposed of when it is retired and the last lease has ended. */
export class LoadedModel<T> {
  readonly model: T
  readonly manifest: ModelManifest
  readonly footprint: Footprint
  /** The alias may come to name the same version again under a higher revision. */
  revision: number
  lastUsed = 0
  readonly #released = Promise.withResolvers<void>()
  readonly #release: () => void
  #leases = 0
  #isRetired = false

  constructor(
    content: { model: T; manifest: ModelManifest; revision: number; footprint: Footprint },
    /** Called once, when nobody uses the model any more. */
    release: () => void,
  ) {
    this.model = content.model
    this.manifest = content.manifest
    this.revision = content.revision
    this.footprint = content.footprint
    this.#release = release
  }

  get leases(): number {
    return this.#leases
  }

  /** Resolves when the model is retired and drained. */
  get released(): Promise<void> {
    return this.#released.promise
  }

  lease(share = 0): ModelLease<T> {
    this.#leases += 1
    const { model, manifest, revision } = this
    let isHeld = true
    return {
      model,
      manifest,
      revision,
      share,
      [Symbol.dispose]: () => {
        if (!isHeld) return
        isHeld = false
        this.#leases -= 1
        this.#releaseIfDrained()
      },
    }
  }

  /** No new leases come after this: the owner has dropped its pointer. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#releaseIfDrained()
  }

  #releaseIfDrained(): void {
    if (!this.#isRetired || this.#leases > 0) return
    this.#release()
    this.#released.resolve()
  }
}
