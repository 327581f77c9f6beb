import type { Log } from '@rapport/core'
import type { ModelRefusedError, RefusalReason } from '../errors.ts'
import { describeVersion, type VersionRef } from '../model-keys.ts'

const mostRemembered = 1000

/** Remembers which versions must not serve; each is counted and logged once. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>()
  readonly #log: Log
  readonly #reasons = new Map<string, RefusalReason>()

  constructor(log: Log) {
    this.#log = log
  }

  /** A lack of memory may pass; everything else about an immutable version stays as it is. */
  isFinal(ref: VersionRef): boolean {
    const reason = this.#reasons.get(describeVersion(ref))
    return reason !== undefined && reason !== 'memory budget'
  }

  add(ref: VersionRef, error: ModelRefusedError): void {
    const named = describeVersion(ref)
    if (this.#reasons.get(named) === error.reason) return
    const [oldest] = this.#reasons.keys()
    if (this.#reasons.size >= mostRemembered && oldest !== undefined) this.#reasons.delete(oldest)
    this.#reasons.set(named, error.reason)
    this.counts.set(error.reason, (this.counts.get(error.reason) ?? 0) + 1)
    this.#log.error({ err: error, tenant: ref.tenant, model: ref.name, version: ref.version }, 'model version refused')
  }
}
