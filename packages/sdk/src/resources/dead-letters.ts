import type { DeadLetterPageSchema, DeadLetterTopic, ReplayAnswerSchema, ReplayRequestSchema } from '@rapport/contracts'
import type { Static } from 'typebox'
import type { HttpClient } from '../http.ts'

type DeadLetterPage = Static<typeof DeadLetterPageSchema>
type ReplayRequest = Static<typeof ReplayRequestSchema>
type ReplayAnswer = Static<typeof ReplayAnswerSchema>

/** Records that a consumer could not process. Scope `ops:admin`. */
export class DeadLetters {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /** A page, oldest first; with `after` the one behind it. */
  list(query: { topic?: DeadLetterTopic; after?: number; limit?: number } = {}): Promise<DeadLetterPage> {
    return this.#http.json({ method: 'GET', path: '/v1/dead-letters', query })
  }

  /** Sends them through their topic again, after the cause was mended. An empty request means all. */
  replay(request: ReplayRequest = {}): Promise<ReplayAnswer> {
    return this.#http.json({ method: 'POST', path: '/v1/dead-letters/replay', body: request })
  }
}
