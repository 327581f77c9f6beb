import type {
  BatchAnswer,
  CallAnswer,
  EventTailAnswer,
  FeaturesRequest,
  FeaturesResponse,
  ItemAnswer,
  ItemBody,
  ItemImportAnswer,
  ItemRow,
  RecommendationRequest,
  RecommendationResponse,
  SimilarKind,
} from '@rapport/contracts'
import type { AliasEvent, BatchEvent, GroupEvent, IdentifyEvent, PageEvent, TrackEvent } from './events.ts'
import { undefinedIfAbsent } from './errors.ts'
import type { HttpOptions } from './http.ts'
import { HttpClient } from './http.ts'
import { Datasets } from './resources/datasets.ts'
import { DeadLetters } from './resources/dead-letters.ts'
import { Keys } from './resources/keys.ts'
import { Models } from './resources/models.ts'
import { Sentiment } from './resources/sentiment.ts'
import { State } from './resources/state.ts'
import { Tenants } from './resources/tenants.ts'
import { Text } from './resources/text.ts'
import { TrainingJobs } from './resources/training-jobs.ts'
import { Users } from './resources/users.ts'

interface Cancellable {
  readonly signal?: AbortSignal
}
export interface RankingOptions extends Cancellable {
  readonly count?: number
  readonly category?: string
  readonly scenario?: string
}

const withMessageId = <T extends { readonly messageId?: string }>(event: T): T & { readonly messageId: string } => ({
  ...event,
  messageId: event.messageId ?? crypto.randomUUID(),
})

const segment = encodeURIComponent

/**
 * The Rapport REST API, typed. Every method resolves when the platform has answered 2xx: for events that means that they
 * are durable. Answers of 429 and 503, and broken connections where that is safe, are tried again.
 * @throws RapportApiError, RapportConnectionError
 */
export class RapportClient {
  /** For calls that have no method of their own. */
  readonly http: HttpClient
  readonly users: Users
  readonly text: Text
  readonly sentiment: Sentiment
  readonly models: Models
  readonly datasets: Datasets
  readonly trainingJobs: TrainingJobs
  readonly keys: Keys
  readonly tenants: Tenants
  readonly state: State
  readonly deadLetters: DeadLetters

  constructor(options: HttpOptions) {
    this.http = new HttpClient(options)
    this.users = new Users(this.http)
    this.text = new Text(this.http)
    this.sentiment = new Sentiment(this.http)
    this.models = new Models(this.http)
    this.datasets = new Datasets(this.http)
    this.trainingJobs = new TrainingJobs(this.http)
    this.keys = new Keys(this.http)
    this.tenants = new Tenants(this.http)
    this.state = new State(this.http)
    this.deadLetters = new DeadLetters(this.http)
  }

  track(event: TrackEvent): Promise<CallAnswer> {
    return this.#send('/v1/track', event)
  }

  identify(event: IdentifyEvent): Promise<CallAnswer> {
    return this.#send('/v1/identify', event)
  }

  page(event: PageEvent): Promise<CallAnswer> {
    return this.#send('/v1/page', event)
  }

  screen(event: PageEvent): Promise<CallAnswer> {
    return this.#send('/v1/screen', event)
  }

  group(event: GroupEvent): Promise<CallAnswer> {
    return this.#send('/v1/group', event)
  }

  alias(event: AliasEvent): Promise<CallAnswer> {
    return this.#send('/v1/alias', event)
  }

  /** Up to 2,500 events and 500 KB of something that happens now. */
  batch(events: readonly BatchEvent[], options: Cancellable = {}): Promise<BatchAnswer> {
    return this.#sendBatch('/v1/batch', events, options)
  }

  /** The same for events of the past: each keeps its own `timestamp`. */
  importEvents(events: readonly BatchEvent[], options: Cancellable = {}): Promise<BatchAnswer> {
    return this.#sendBatch('/v1/import', events, options)
  }

  /** The newest events of the tenant, then with `cursor` what came after. Scope `ops:admin`. */
  tailEvents(query: { cursor?: string; limit?: number } = {}, options: Cancellable = {}): Promise<EventTailAnswer> {
    return this.http.json({ method: 'GET', path: '/v1/events', query, ...options })
  }

  /** Writes a whole item. `ifVersion` 0: only when there is none yet. */
  putItem(id: string, body: ItemBody, options: { ifVersion?: number } & Cancellable = {}): Promise<ItemAnswer> {
    const { ifVersion, signal } = options
    const headers =
      ifVersion === undefined ? {} : ifVersion === 0 ? { 'if-none-match': '*' } : { 'if-match': `"${ifVersion}"` }
    return this.http.json({ method: 'PUT', path: `/v1/items/${segment(id)}`, body, headers, signal })
  }

  /** Changes some fields of an item (JSON merge patch: null removes a field). */
  patchItem(id: string, patch: { [Field in keyof ItemBody]?: ItemBody[Field] | null }): Promise<ItemAnswer> {
    return this.http.json({ method: 'PATCH', path: `/v1/items/${segment(id)}`, body: patch, repeatable: true })
  }

  /** Undefined when there is no such item. */
  getItem(id: string): Promise<ItemAnswer | undefined> {
    return undefinedIfAbsent(this.http.json<ItemAnswer>({ method: 'GET', path: `/v1/items/${segment(id)}` }))
  }

  async deleteItem(id: string): Promise<void> {
    await this.http.send({ method: 'DELETE', path: `/v1/items/${segment(id)}` })
  }

  /** Writes many items at once. */
  putItems(items: readonly ItemRow[], options: Cancellable = {}): Promise<ItemImportAnswer> {
    const body = items.map((item) => JSON.stringify(item)).join('\n')
    const headers = { 'content-type': 'application/x-ndjson' }
    return this.http.json({ method: 'POST', path: '/v1/items', body, headers, repeatable: true, ...options })
  }

  /** Values of many features of many users and items, each with its time and whether it is there. Scope `features:read`. */
  features(request: FeaturesRequest, options: Cancellable = {}): Promise<FeaturesResponse> {
    return this.http.json({ method: 'POST', path: '/v1/features', body: request, repeatable: true, ...options })
  }

  recommend(request: RecommendationRequest, options: Cancellable = {}): Promise<RecommendationResponse> {
    return this.http.json({ method: 'POST', path: '/v1/recommendations', body: request, repeatable: true, ...options })
  }

  /** The cacheable form: for a known user, by GET. */
  recommendForUser(userId: string, options: RankingOptions = {}): Promise<RecommendationResponse> {
    return this.#ranking(`/v1/recommendations/users/${segment(userId)}`, options)
  }

  similarItems(itemId: string, options: RankingOptions & { kind?: SimilarKind } = {}): Promise<RecommendationResponse> {
    return this.#ranking(`/v1/recommendations/items/${segment(itemId)}/similar`, options)
  }

  popular(options: RankingOptions = {}): Promise<RecommendationResponse> {
    return this.#ranking('/v1/recommendations/popular', options)
  }

  trending(options: RankingOptions = {}): Promise<RecommendationResponse> {
    return this.#ranking('/v1/recommendations/trending', options)
  }

  #ranking(path: string, { signal, ...query }: RankingOptions): Promise<RecommendationResponse> {
    return this.http.json({ method: 'GET', path, query, signal })
  }

  #send(path: string, event: Parameters<typeof withMessageId>[0]): Promise<CallAnswer> {
    return this.http.json({ method: 'POST', path, body: withMessageId(event), repeatable: true })
  }

  #sendBatch(path: string, events: readonly BatchEvent[], options: Cancellable): Promise<BatchAnswer> {
    const batch = events.map(withMessageId)
    return this.http.json({ method: 'POST', path, body: { batch }, repeatable: true, ...options })
  }
}
