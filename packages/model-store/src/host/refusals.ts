import type { Log } from '@rapport/core'
import type { ModelRefusedError, RefusalReason } from '../errors.ts'
import { describeVersion, type VersionRef } from '../model-keys.ts'

const mostRemembered = 1000

/** Remembers which versions must not serve; each is counted and logged once. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>()
  readonly #log: Log
  readonly #errors = new Map<string, ModelRefusedError>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Why a version will never serve. A lack of memory may pass; everything else about an immutable version stays as it is. */
  finalError(ref: VersionRef): ModelRefusedError | undefined {
    const error = this.#errors.get(describeVersion(ref))
    return error?.reason === 'memory budget' ? undefined : error
  }

  add(ref: VersionRef, error: ModelRefusedError): void {
    const named = describeVersion(ref)
    if (this.#errors.get(named)?.reason === error.reason) return
    const [oldest] = this.#errors.keys()
    if (this.#errors.size >= mostRemembered && oldest !== undefined) this.#errors.delete(oldest)
    this.#errors.set(named, error)
    this.counts.set(error.reason, (this.counts.get(error.reason) ?? 0) + 1)
    this.#log.error({ err: error, tenant: ref.tenant, model: ref.name, version: ref.version }, 'model version refused')
  }
}
