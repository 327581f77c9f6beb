import type { ArchiveFlush, StateRebuild } from '@rapport/contracts'
import type { HttpClient } from '../http.ts'

/** The online state of the tenant's users and items, and its archive. Scope `ops:admin`. */
export class State {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** Begins to make the state anew from the archive; `getRebuild` tells how it goes. */
  rebuild(): Promise<StateRebuild> {
    return this.#http.json({ method: 'POST', path: '/v1/state/rebuild' })
  }

  getRebuild(id: string): Promise<StateRebuild> {
    return this.#http.json({ method: 'GET', path: `/v1/state/rebuild/${encodeURIComponent(id)}` })
  }

  /** The whole state as newline-delimited JSON, a field a line, in a fixed order. */
  async export(): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#http.send({ method: 'GET', path: '/v1/state/export' })
    return body ?? new ReadableStream({ start: (controller) => controller.close() })
  }

  /** Resolves when everything that was accepted before the call lies in the archive. */
  flushArchive(): Promise<ArchiveFlush> {
    return this.#http.json({ method: 'POST', path: '/v1/state/archive/flush', repeatable: true })
  }
}
