import { setTimeout } from 'node:timers/promises'
import type { ServiceProcess } from './service-process.ts'

const lookEveryMs = 100

/**
 * A load balancer, which gives requests in turn to the gateways that say that they are ready. While none does, all keep
 * what they had: as in most of them, a look that fails everywhere is taken for the balancer's own trouble.
 */
export class ReadyGateways implements AsyncDisposable {
  readonly #gateways: readonly ServiceProcess[]
  readonly #stopping = new AbortController()
  readonly #looking: Promise<void>
  #ready: readonly ServiceProcess[]
  #turn = 0

  /** All are ready. */
  constructor(gateways: readonly [ServiceProcess, ...ServiceProcess[]]) {
    this.#gateways = gateways
    this.#ready = gateways
    this.#looking = this.#look()
  }

  /** Of the one whose turn it is. */
  get url(): string {
    this.#turn += 1
    const gateway = this.#ready[this.#turn % this.#ready.length]
    if (gateway === undefined) throw new Error('no gateway is ready')
    return gateway.url
  }

  get readyCount(): number {
    return this.#ready.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await this.#looking
  }

  async #look(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const ready = await Promise.all(this.#gateways.map((gateway) => gateway.isReady()))
      const found = this.#gateways.filter((_, index) => ready[index])
      if (found.length > 0) this.#ready = found
      await setTimeout(lookEveryMs)
    }
  }
}
