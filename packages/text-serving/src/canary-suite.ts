import { countAnswers, answerMetrics, TextClassifier, type TextClassifierData } from '@rapport/text-models'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TextDesk } from './testing.ts'

type Desk = TextDesk<{ readonly results: readonly { readonly id: string; readonly modelVersion: string }[] }>

export interface CanaryOptions {
  readonly open: () => Promise<Desk>
  /** Of the route that labels documents, and of the service's models. */
  readonly paths: { readonly label: string; readonly root: string }
  readonly model: string
  /** The metrics' names begin so. */
  readonly metricPrefix: string
  /** Of three labels. */
  readonly train: () => Promise<TextClassifierData>
  /** A classifier that the service takes, whose labels are not those of `train`. */
  readonly trainOther: () => Promise<TextClassifierData>
  /** Of all labels alike; the first one's label is unlike most others'. */
  readonly texts: readonly string[]
}

/** The rules for a version that answers a share, and for the drift of what a version says, for a service of text models. */
export function describeCanary(options: CanaryOptions): void {
  let canary: Canary
  beforeAll(async () => {
    canary = await Canary.open(options)
  })
  beforeEach(() => canary.withoutChallenger())
  afterAll(() => canary.desk[Symbol.asyncDispose]())
  const tried = { options, canary: () => canary }
  describe('a challenger with a share', () => {
    describeShare(tried)
    describeReach(tried)
  })
  describe('answers that differ from those of the training', () => {
    describeDrift(tried)
  })
}

interface Tried {
  readonly options: CanaryOptions
  readonly canary: () => Canary
}

interface MonitoredVersion {
  readonly version: string
  readonly drift: { readonly labels: number; readonly confidence: number } | null
}

/** `v1` serves, and `c1` is as good. */
class Canary {
  readonly desk: Desk
  readonly data: TextClassifierData
  readonly documents: readonly { readonly id: string; readonly text: string }[]
  private readonly options: CanaryOptions

  private constructor(desk: Desk, data: TextClassifierData, options: CanaryOptions) {
    this.desk = desk
    this.data = data
    this.options = options
    this.documents = Array.from({ length: 100 }, (_, row) => ({
      id: `${row}`,
      text: `${options.texts[row % options.texts.length]} ${row}`,
    }))
  }

  static async open(options: CanaryOptions): Promise<Canary> {
    const [desk, data] = [await options.open(), await options.train()]
    await desk.publish({ version: 'v1', data })
    await desk.publish({ version: 'c1', data, promotes: false })
    return new Canary(desk, data, options)
  }

  /** Resolves when `v1` answers all. */
  async withoutChallenger(): Promise<void> {
    await this.desk.store.promote({ tenant: 'shop', name: this.options.model, alias: 'champion' }, 'v1')
    await this.challenge('c1')
    await this.until('v1 answers all', (answered) => answered.every((version) => version === 'v1'))
  }

  /** Resolves when `c1`, which had no share, has this one. */
  async giveShare(share: number): Promise<void> {
    await this.challenge('c1', share)
    await this.until('c1 answers', (answered) => answered.includes('c1'))
  }

  private until(what: string, isSo: (answered: readonly string[]) => boolean): Promise<void> {
    const look = async (): Promise<void> => {
      if (!isSo(await this.answerers())) throw new Error(`It is not so yet that ${what}.`)
    }
    return vi.waitFor(look, { timeout: 8_000 })
  }

  async challenge(version: string, share?: number): Promise<void> {
    const alias = { tenant: 'shop', name: this.options.model, alias: 'challenger' } as const
    await this.desk.store.promote(alias, version, share === undefined ? {} : { share })
  }

  /** By document, the version that has answered it. */
  async answerers(sent: readonly object[] = this.documents, more: object = {}): Promise<readonly string[]> {
    return (await this.desk.classify(sent, more)).results.map(({ modelVersion }) => modelVersion)
  }

  /** Those that answer a call of all documents. */
  async versions(): Promise<ReadonlySet<string>> {
    return new Set(await this.answerers())
  }

  async monitored(version: string): Promise<MonitoredVersion | undefined> {
    const { root } = this.options.paths
    const answer = await this.desk.request('GET', `${root}/models/${this.options.model}/monitoring`)
    return answer.json().versions.find((each: MonitoredVersion) => each.version === version)
  }
}

const shareOf = (version: string, answered: readonly string[]): number =>
  answered.filter((each) => each === version).length / answered.length

function describeShare({ canary }: Tried): void {
  it('answers that share of a call, in order, and each text every time', async () => {
    const { documents, desk } = canary()
    await canary().giveShare(0.3)
    const answered = await canary().answerers()
    expect(shareOf('c1', answered)).toBeGreaterThan(0.15)
    expect(shareOf('c1', answered)).toBeLessThan(0.45)
    expect(await canary().answerers(documents.toReversed())).toEqual(answered.toReversed())
    const { results } = await desk.classify(documents, { explain: false })
    expect(results.map(({ id }) => id)).toEqual(documents.map(({ id }) => id))
  })

  it('answers all texts of a user, or none', async () => {
    await canary().giveShare(0.3)
    const users = ['ann', 'bob', 'cem', 'dee', 'eve', 'fei', 'gil', 'hua', 'ida', 'jun', 'kim', 'lea']
    const ofUser = (userId: string) =>
      canary()
        .documents.slice(0, 10)
        .map((each) => ({ ...each, userId }))
    const answered = await Promise.all(users.map((userId) => canary().answerers(ofUser(userId))))
    const versions = answered.map((each) => [...new Set(each)])
    expect(versions.every(({ length }) => length === 1)).toBe(true)
    expect(new Set(versions.flat())).toEqual(new Set(['v1', 'c1']))
  })

  it('keeps whom it has when its share grows, and loses all when it has none', async () => {
    await canary().giveShare(0.3)
    const before = await canary().answerers()
    await canary().challenge('c1', 0.6)
    await vi.waitFor(async () =>
      expect(shareOf('c1', await canary().answerers())).toBeGreaterThan(shareOf('c1', before)),
    )
    const after = await canary().answerers()
    expect(before.filter((version, row) => version === 'c1' && after[row] !== 'c1')).toEqual([])
    await canary().challenge('c1')
    await vi.waitFor(async () => expect(await canary().versions()).toEqual(new Set(['v1'])))
  })
}

function describeReach({ canary, options }: Tried): void {
  const { paths, model, metricPrefix, texts, trainOther } = options

  it('answers streams and the inference protocol, but not who names a version', async () => {
    const { documents, desk } = canary()
    await canary().giveShare(1)
    expect(await canary().versions()).toEqual(new Set(['c1']))
    expect(new Set(await canary().answerers(documents, { version: 'v1' }))).toEqual(new Set(['v1']))
    const lines = documents.map((each) => `${JSON.stringify(each)}\n`).join('')
    const stream = await desk.request('POST', paths.label, lines, { 'content-type': 'application/x-ndjson' })
    expect(stream.body.match(/"modelVersion":"c1"/g)).toHaveLength(documents.length)
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: [texts[0]] }]
    const inferred = await desk.request('POST', `${paths.root}/v2/models/${model}/infer`, { inputs })
    expect(inferred.json()).toMatchObject({ model_version: 'c1' })
  })

  it('is counted for itself', async () => {
    await canary().giveShare(1)
    expect(await canary().monitored('c1')).toMatchObject({ challengerShare: 1, drift: null })
    const counted = await canary().desk.metric(`${metricPrefix}_documents_total`)
    expect(counted).toMatch(/version="c1",outcome="classified"} [1-9]/)
  })

  it('of other labels answers nobody, nor does one that must not serve', async () => {
    const { desk, data, documents } = canary()
    await desk.publish({ version: 'c2', data: await trainOther(), promotes: false })
    expect(new Set(await canary().answerers(documents, { version: 'c2' }))).toEqual(new Set(['c2']))
    await canary().giveShare(1)
    await canary().challenge('c2', 1)
    await vi.waitFor(async () => expect(await canary().versions()).toEqual(new Set(['v1'])))
    const selfCheck = { texts: ['a'], probabilities: [[1, 0, 0]] }
    await canary().challenge('c1', 1)
    await vi.waitFor(async () => expect(await canary().versions()).toEqual(new Set(['c1'])))
    await desk.publish({ version: 'c3', data, selfCheck, promotes: false })
    await canary().challenge('c3', 1)
    await vi.waitFor(async () => expect(await canary().versions()).toEqual(new Set(['v1'])))
  })
}

function describeDrift({ canary, options: { texts, metricPrefix } }: Tried): void {
  it('show as drift in the monitoring and the metrics', async () => {
    const { desk, data, documents } = canary()
    const classifier = new TextClassifier(data)
    const tested = Array.from({ length: Math.ceil(200 / texts.length) }, () => texts).flat()
    const metrics = answerMetrics(countAnswers(classifier.classify(tested), data.labels.length), data.labels)
    await desk.publish({ version: 'v2', data, metrics })
    await desk.serves('v2')
    for (let call = 0; call < 3; call += 1) await desk.classify(documents)
    expect((await canary().monitored('v2'))?.drift?.labels).toBeLessThan(0.1)
    const alike = documents.map(({ id }) => ({ id, text: texts[0] }))
    for (let call = 0; call < 20; call += 1) await desk.classify(alike)
    expect((await canary().monitored('v2'))?.drift?.labels).toBeGreaterThan(0.25)
    expect(await desk.metric(`${metricPrefix}_drift`)).toContain('version="v2",of="labels"}')
  })
}
