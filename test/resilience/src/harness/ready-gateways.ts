import { setTimeout } from 'node:timers/promises'
import type { ServiceProcess } from './service-process.ts'

const lookEveryMs = 100

/** Several gateways behind which a load balancer sends requests in turn to those that say that they are ready. */
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
      this.#ready = this.#gateways.filter((_, index) => ready[index])
      await setTimeout(lookEveryMs)
    }
  }
}
