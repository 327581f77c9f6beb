import type { StateCommand } from '@rapport/contracts'

export type ForgetCommand = Extract<StateCommand, { type: 'forget-tenant' }>

/** Which events of the log belong to tenants that were removed. A tenant of the same name has later offsets. */
export class ForgottenTenants {
  readonly #before = new Map<string, readonly number[]>()
  readonly #batches = new Set<Promise<unknown>>()

  /** In force at once; resolves when the batches that were read before have ended too. */
  async take({ tenant, before }: ForgetCommand): Promise<void> {
    this.#before.set(tenant, before)
    await Promise.allSettled(this.#batches)
  }

  /** True for an event at this place of the events' topic that is never to be applied again. */
  has(tenant: string, { partition, offset }: { readonly partition: number; readonly offset: number }): boolean {
    const before = this.#before.get(tenant)
    return before !== undefined && offset < (before[partition] ?? 0)
  }

  /** Runs the handling of a batch, which asks `has` for its events before it awaits anything. */
  async during<T>(handle: () => Promise<T>): Promise<T> {
    const batch = handle()
    this.#batches.add(batch)
    try {
      return await batch
    } finally {
      this.#batches.delete(batch)
    }
  }
}
