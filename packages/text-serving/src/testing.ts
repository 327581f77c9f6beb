import { eventKey, topics, type Event, type ModelManifest, type Scope, type TextModelTask } from '@rapport/contracts'
import {
  columnMeans,
  fitCalibration,
  kernelSvmScores,
  linearScores,
  trainKernelSvm,
  trainLinearSvm,
  type BundleFiles,
} from '@rapport/ml'
import { createModelStore, type ModelStore } from '@rapport/model-store'
import type { HttpServer, Service, ServiceDependencies } from '@rapport/service-kit'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { fitTextVectorizer } from '@rapport/text'
import {
  createTextSelfCheck,
  encodeTextClassifier,
  TextClassifier,
  type TextClassifierData,
  type TextSelfCheck,
} from '@rapport/text-models'
import { vi } from 'vitest'
import type { TextServingConfig } from './create-text-service.ts'

const testConfig: TextServingConfig = {
  modelBytes: 256 * 1024 ** 2,
  modelPollMs: 30_000,
  trialBytes: 256 * 1024 ** 2,
  explainTimeoutMs: 10_000,
}

export const topicLabels = ['delivery', 'refund', 'praise'] as const
const openings = ['hello,', 'my order:', '你好，', '客服请看：', 'again:']
const kinds: readonly (readonly string[])[] = [
  ['the parcel is late', 'where is my package', '快递太慢了', '包裹还没到'],
  ['please refund me', 'I want my money back', '我要退款', '请退钱给我'],
  ['lovely quality', 'great shop, thank you', '质量很好', '非常喜欢这家店'],
]

/** Chinese and English texts of a customer service, and the numbers of their labels. */
export function topicTexts(rows = 120): { readonly texts: readonly string[]; readonly labels: Int32Array } {
  const texts = Array.from({ length: rows }, (_, row) => {
    const phrases = kinds[row % kinds.length] as readonly string[]
    return `${openings[(row * 7) % openings.length]} ${phrases[Math.floor(row / 3) % phrases.length]} ${row % 13}`
  })
  return { texts, labels: Int32Array.from(texts, (_, row) => row % kinds.length) }
}

export interface TestTexts {
  readonly texts: readonly string[]
  /** By text, the number of its label among `names`. */
  readonly labels: Int32Array
  readonly names: readonly string[]
}

/** A classifier trained on the texts, and calibrated on them as if it erred in one of ten. */
export async function trainTestClassifier(
  { texts, labels, names }: TestTexts,
  kind: 'linear' | 'kernel-svm' = 'linear',
): Promise<TextClassifierData> {
  const classes = names.length
  const { data: vectorizer, matrix } = fitTextVectorizer(texts, { ngrams: [1, 2] })
  const doubted = labels.map((label, row) => (row % 10 === 9 ? (label + 1) % classes : label))
  const calibrate = (scores: Float32Array) => fitCalibration('temperature', scores, doubted, classes)
  if (kind === 'kernel-svm') {
    const model = await trainKernelSvm(matrix, labels, { classes })
    const calibration = calibrate(kernelSvmScores(model, matrix))
    return { labels: names, calibration, scorer: { kind, vectorizer, model } }
  }
  const model = await trainLinearSvm(matrix, labels, { classes })
  const scorer = { kind, scores: 'margins' as const, vectorizer, means: columnMeans(matrix), model }
  return { labels: names, calibration: calibrate(linearScores(model, matrix)), scorer }
}

/** A classifier of `topicTexts`. */
export const trainTopics = (kind?: 'linear' | 'kernel-svm'): Promise<TextClassifierData> =>
  trainTestClassifier({ ...topicTexts(), names: topicLabels }, kind)

export interface PublishedText {
  readonly version: string
  readonly data: TextClassifierData
  readonly model?: string
  readonly task?: string
  readonly tenant?: string
  readonly files?: BundleFiles
  readonly selfCheck?: TextSelfCheck
  readonly metrics?: ModelManifest['metrics']
  /** Default true. */
  readonly promotes?: boolean
}

let made = 0
/** A valid event of the tenant `shop`; by default a review of the item `tea` by `ada`. */
export function textEvent(properties: Event['properties'], fields: Partial<Event> = {}): Event {
  made += 1
  const at = '2026-03-02T12:00:00.000Z'
  return {
    messageId: `m${made}`,
    tenant: 'shop',
    source: 'test',
    type: 'track',
    event: 'Product Reviewed',
    userId: 'ada',
    properties: { product_id: 'tea', ...properties },
    timestamp: at,
    originalTimestamp: at,
    receivedAt: at,
    version: 1,
    ...fields,
  }
}

/** The service that is tried. */
export interface TestedService {
  readonly create: (config: TextServingConfig, dependencies: ServiceDependencies) => Promise<Service>
  /** Of the route that labels documents. */
  readonly path: string
  /** Of models that say no other. */
  readonly task: TextModelTask
  /** The model of calls that name none. */
  readonly model: string
}

/** A service over real stores in a temporary folder, and a tenant's calls. */
export class TextDesk<
  Answer extends { readonly results: readonly { readonly modelVersion: string }[] },
> implements AsyncDisposable {
  private readonly tested: TestedService
  readonly platform: TestPlatform
  readonly server: HttpServer
  /** To be told to consume. */
  readonly service: Service
  readonly store: ModelStore
  readonly key: string
  private readonly owned: AsyncDisposableStack

  private constructor(
    tested: TestedService,
    opened: Pick<TextDesk<Answer>, 'platform' | 'server' | 'service' | 'key'>,
    owned: AsyncDisposableStack,
  ) {
    const { platform } = opened
    this.tested = tested
    this.platform = platform
    this.server = opened.server
    this.service = opened.service
    this.key = opened.key
    this.owned = owned
    const { eventLog, objectStore } = platform.drivers
    this.store = createModelStore(objectStore, {
      log: platform.dependencies.log,
      announce: async (change) => {
        const value = new TextEncoder().encode(JSON.stringify(change))
        const key = `${change.tenant}/${change.name}/${change.alias}`
        await eventLog.publish([{ topic: topics.models.name, key, value }])
      },
    })
  }

  static async open<Answer extends { readonly results: readonly { readonly modelVersion: string }[] }>(
    tested: TestedService,
    config: Partial<TextServingConfig> = {},
  ): Promise<TextDesk<Answer>> {
    await using stack = new AsyncDisposableStack()
    const platform = stack.use(await createTestPlatform())
    const service = stack.use(await tested.create({ ...testConfig, ...config }, platform.dependencies))
    const server = await platform.serve([service])
    await service.startServing()
    const key = await platform.issueKey('shop', ['text', 'models:admin', 'features:read'] satisfies Scope[])
    return new TextDesk(tested, { platform, server, service, key }, stack.move())
  }

  async publish({ version, data, model = this.tested.model, tenant = 'shop', ...more }: PublishedText): Promise<void> {
    await this.store.publish({
      tenant,
      name: model,
      version,
      task: more.task ?? this.tested.task,
      algorithm: data.scorer.kind,
      framework: 'rapport',
      inputSchema: { text: 'string' },
      labels: [...data.labels],
      data: { rows: 120, fingerprint: 'test' },
      parameters: data.calibration.kind === 'independent' ? { multiLabel: true } : {},
      metrics: more.metrics ?? { test: { accuracy: 1 } },
      codeRevision: 'test',
      files: more.files ?? encodeTextClassifier(data),
      selfCheck: more.selfCheck ?? createTextSelfCheck(new TextClassifier(data), topicTexts(8).texts),
    })
    if (more.promotes !== false) await this.store.promote({ tenant, name: model, alias: 'champion' }, version)
  }

  /** Resolves when calls are answered by the version. */
  async serves(version: string): Promise<void> {
    const probe = async (): Promise<void> => {
      const answer = await this.classify([{ id: 'probe', text: 'probe' }])
      if (answer.results[0]?.modelVersion !== version) throw new Error(`${version} does not serve yet`)
    }
    await vi.waitFor(probe, { timeout: 8_000 })
  }

  request(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object | string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ) {
    return this.server.app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${this.key}`, ...headers },
      ...(payload !== undefined && { payload }),
    })
  }

  /** The answer to a call, which must be a 200. */
  async classify(documents: readonly object[], more: object = {}): Promise<Answer> {
    const response = await this.request('POST', this.tested.path, { documents, ...more })
    if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${response.body}`)
    return response.json()
  }

  async publishEvents(events: readonly Event[]): Promise<void> {
    await this.platform.drivers.eventLog.publish(
      events.map((event) => ({
        topic: topics.events.name,
        key: eventKey(event),
        value: Buffer.from(JSON.stringify(event)),
      })),
    )
  }

  /** The values of a topic's records, once there are so many. */
  records(topic: string, count: number): Promise<readonly { readonly key: string; readonly value: unknown }[]> {
    const { eventLog } = this.platform.drivers
    return vi.waitFor(
      async () => {
        const extents = await eventLog.extents(topic)
        const pages = extents.map(({ partition }) => eventLog.read({ topic, partition, offset: 0 }, 1000))
        const records = (await Promise.all(pages)).flat()
        if (records.length < count) throw new Error(`${topic} has ${records.length} of ${count} records`)
        return records.map(({ key, value }) => ({
          key,
          value: JSON.parse(Buffer.from(value ?? []).toString()) as unknown,
        }))
      },
      { timeout: 20_000, interval: 20 },
    )
  }

  metric(name: string): Promise<string> {
    return this.platform.dependencies.metrics.getSingleMetricAsString(name)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.owned.disposeAsync()
  }
}
