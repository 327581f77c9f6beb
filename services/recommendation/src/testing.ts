import { itemKey, topics, type Item, type ItemBody, type RecommendationResponse, type Scope } from '@rapport/contracts'
import { entities, isBehaviourEvent, parts, type VisitorRef } from '@rapport/features'
import type { RecommenderBundle } from '@rapport/ml'
import type { Application, Change } from '@rapport/online-store'
import type { HttpServer, ServiceDependencies } from '@rapport/service-kit'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import type { LightMyRequestResponse } from 'fastify'
import { vi } from 'vitest'
import type { RecommendationConfig } from './config.ts'
import { ModelView } from './domain/model-view.ts'
import { Shops } from './domain/shops.ts'
import type { RecommenderModels } from './ports.ts'
import { composeRecommendationService, type createRecommendationService } from './service.ts'

export const testConfig: RecommendationConfig = {
  stateTimeoutMs: 1000,
  answerCache: { ttlMs: 60_000, memoryBytes: 1024 ** 2 },
  maxEvents: 200,
  trendIntervalMs: 50,
  exposureFlushMs: 5,
  exposuresWaiting: 1000,
  modelBytes: 1024 ** 3,
  modelPollMs: 30_000,
}

/** Models as a test sets them. */
export class GivenModels implements RecommenderModels {
  readonly shops = new Shops()
  private readonly views = new Map<string, ModelView>()

  serve(tenant: string, version: string, bundle: RecommenderBundle): void {
    const shop = this.shops.of(tenant)
    this.shops.hold(shop)
    this.views.set(tenant, new ModelView({ version, createdAt: '2026-01-01T00:00:00.000Z' }, bundle, shop.table))
  }

  servingVersion(tenant: string): string | undefined {
    return this.views.get(tenant)?.version
  }

  acquire(tenant: string): ReturnType<RecommenderModels['acquire']> {
    const view = this.views.get(tenant)
    return Promise.resolve(view === undefined ? undefined : { view, [Symbol.dispose]: () => {} })
  }
}

/** What is found in a text. */
export interface Heard {
  readonly sentiment: string
  readonly label: string
  readonly rating?: number
}

/** The service over real stores in a temporary folder, and the things that a shop does to it. */
export class TestShop implements AsyncDisposable {
  readonly tenant = 'shop'
  readonly platform: TestPlatform
  readonly models: GivenModels
  readonly server: HttpServer
  private readonly key: string
  private readonly owned: AsyncDisposableStack
  private offset = 0

  private constructor(
    platform: TestPlatform,
    parts: { models: GivenModels; server: HttpServer; key: string; owned: AsyncDisposableStack },
  ) {
    this.platform = platform
    this.models = parts.models
    this.server = parts.server
    this.key = parts.key
    this.owned = parts.owned
  }

  static async open(
    overrides: {
      config?: Partial<RecommendationConfig>
      wrap?: (given: ServiceDependencies) => ServiceDependencies
      /** In place of a service over given models. */
      create?: typeof createRecommendationService
    } = {},
  ): Promise<TestShop> {
    const owned = new AsyncDisposableStack()
    const platform = owned.use(await createTestPlatform())
    const models = new GivenModels()
    const dependencies = overrides.wrap?.(platform.dependencies) ?? platform.dependencies
    const config = { ...testConfig, ...overrides.config }
    const service = owned.use(
      overrides.create === undefined
        ? composeRecommendationService(config, dependencies, { models, shops: models.shops })
        : await overrides.create(config, dependencies),
    )
    const server = await platform.serve([service])
    await service.startServing()
    const key = await platform.issueKey('shop', ['recommend'] satisfies Scope[])
    return new TestShop(platform, { models, server, key, owned })
  }

  /** Writes catalogue records as the ingestion service does. */
  async put(id: string, body: ItemBody, more: Partial<Item> = {}): Promise<void> {
    const item: Item = { tenant: this.tenant, id, version: 1, updatedAt: new Date().toISOString(), body, ...more }
    const value = new TextEncoder().encode(JSON.stringify(item))
    await this.platform.drivers.eventLog.publish([{ topic: topics.items.name, key: itemKey(this.tenant, id), value }])
  }

  /** Resolves when the service has read the item's record. */
  async catalogueHas(id: string): Promise<void> {
    await vi.waitFor(() => {
      const { table, catalogue } = this.models.shops.of(this.tenant)
      if (catalogue.entryAt(table.indexOf(id) ?? -1) === undefined) throw new Error(`${id} is not read yet`)
    })
  }

  /** Applies behaviour as the feature service does: to the visitor, the trends and the tenant's clock. */
  async act(visitor: Omit<VisitorRef, 'tenant'>, event: string, itemId: string, atMs = Date.now()): Promise<void> {
    if (!isBehaviourEvent(event)) throw new Error(`${event} is not a behaviour event`)
    const entity =
      visitor.userId === undefined
        ? entities.anonymous(this.tenant, visitor.anonymousId ?? '')
        : entities.user(this.tenant, visitor.userId)
    const tally: Change = { op: 'tally', part: parts.trend(event), field: itemId, amount: 1 }
    await this.platform.drivers.onlineStore.apply([
      this.application(entity, {
        op: 'newest',
        part: parts.recent(event),
        member: itemId,
        atMs,
        value: null,
        keep: 200,
      }),
      this.application(entities.trend(this.tenant, 'hour', Math.floor(atMs / 3_600_000) * 3_600_000), tally),
      this.application(entities.trend(this.tenant, 'day', Math.floor(atMs / 86_400_000) * 86_400_000), tally),
      this.application(entities.clock(this.tenant), {
        op: 'latest',
        part: parts.clock,
        field: 'newestEvent',
        atMs,
        value: null,
      }),
    ])
    this.offset += 1
  }

  /** Applies what is found in a text about an item as the feature service does: to its author and to the item. */
  async hear(userId: string, itemId: string, { sentiment, label, rating }: Heard): Promise<void> {
    const mark = { rule: 'review', itemId, ...(rating === undefined ? {} : { rating }) }
    const atMs = Date.now()
    const found = { member: `m${this.offset}#review`, atMs, keep: 50 }
    const texts: readonly Change[] = [
      { op: 'newest', part: parts.sentiments, value: { ...mark, label: sentiment }, ...found },
      { op: 'newest', part: parts.textLabels, value: { ...mark, label }, ...found },
    ]
    const rated: readonly Change[] =
      rating === undefined
        ? []
        : [
            { op: 'count', part: parts.ratings, atMs, amount: 1 },
            { op: 'count', part: parts.ratingSum, atMs, amount: rating * 100 },
          ]
    await this.platform.drivers.onlineStore.apply([
      this.application(entities.user(this.tenant, userId), ...texts),
      this.application(entities.item(this.tenant, itemId), ...texts, ...rated),
    ])
    this.offset += 1
  }

  async request(
    method: 'GET' | 'POST',
    url: string,
    more: { payload?: object; headers?: Record<string, string> } = {},
  ): Promise<LightMyRequestResponse> {
    const headers = { authorization: `Bearer ${this.key}`, ...more.headers }
    return this.server.app.inject({
      method,
      url,
      headers,
      ...(more.payload === undefined ? {} : { payload: more.payload }),
    })
  }

  /** The answer to a POST, which must be a 200. */
  async recommend(payload: object): Promise<RecommendationResponse> {
    const response = await this.request('POST', '/v1/recommendations', { payload })
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${response.body}`)
    return response.json()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync()
  }

  private application(entity: Application['entity'], ...changes: readonly Change[]): Application {
    const entry = { offset: this.offset, messageId: `m${this.offset}`, receivedAtMs: Date.now(), changes }
    return { entity, topic: topics.events.name, partition: 0, entries: [entry] }
  }
}
