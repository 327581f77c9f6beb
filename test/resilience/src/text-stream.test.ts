import { defaultSentimentModelName, defaultTextModelName, type StateRebuild } from '@rapport/contracts'
import type { BatchEvent } from '@rapport/sdk'
import type { TestTexts } from '@rapport/text-serving/testing'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { publishGivenTextModel } from './harness/given-text-models.ts'
import { startInstallation, type Installation } from './harness/installation.ts'
import { readStateFields } from './shapes/snapshot.ts'

const owned = new AsyncDisposableStack()
let installation: Installation

const things = ['kettle', 'lamp', 'tent', 'coat', 'chair'] as const
const kinds = {
  positive: ['works well', 'is lovely', '质量很好'],
  negative: ['broke at once', 'is useless', '质量太差'],
} as const
/** Of the topics, by what is said. */
const topics = { 'works well': 'quality', 'is lovely': 'looks', 质量很好: 'quality' } as const

const said = (row: number): { text: string; sentiment: 'positive' | 'negative'; topic: string } => {
  const sentiment = row % 2 === 0 ? 'positive' : 'negative'
  const words = kinds[sentiment][row % 3] ?? ''
  return {
    text: `The ${things[row % 5]} ${words}, order ${row * 7919}`,
    sentiment,
    topic: topics[words as keyof typeof topics] ?? 'quality',
  }
}

function trainingTexts(names: readonly string[], nameOf: (row: number) => string): TestTexts {
  const rows = Array.from({ length: 180 }, (_, row) => row + 10_000)
  return {
    texts: rows.map((row) => said(row).text),
    labels: Int32Array.from(rows, (row) => names.indexOf(nameOf(row))),
    names,
  }
}

const reviews = 240
const users = 40
const reviewOf = (row: number): BatchEvent => ({
  type: 'track',
  messageId: `review-${row}`,
  userId: `user-${row % users}`,
  event: 'Product Reviewed',
  properties: {
    product_id: things[row % 5],
    rating: said(row).sentiment === 'positive' ? 5 : 1,
    review: said(row).text,
  },
})

beforeAll(async () => {
  installation = owned.use(await startInstallation({ processes: { sentiment: 2, feature: 2 } }))
  await using drivers = await installation.connect()
  const sentiments = trainingTexts(['negative', 'positive'], (row) => said(row).sentiment)
  const labels = trainingTexts(['looks', 'quality'], (row) => said(row).topic)
  const { objectStore } = drivers
  await publishGivenTextModel(objectStore, { name: defaultSentimentModelName, task: 'sentiment', texts: sentiments })
  await publishGivenTextModel(objectStore, { name: defaultTextModelName, task: 'text-classification', texts: labels })
}, 120_000)
afterAll(() => owned.disposeAsync())

it(
  'every text is labelled and counted once while the processes that do it are killed, and a rebuild gives the same',
  { timeout: 480_000 },
  async () => {
    const { client, processes } = installation
    const victims = [processes.sentiment[0], processes['text-classification'][0], processes.feature[0]]
    for (let from = 0; from < reviews; from += 20) {
      await client.batch(Array.from({ length: 20 }, (_, row) => reviewOf(from + row)))
      const victim = victims[from / 80]
      if (victim === undefined || from % 80 !== 0) continue
      const { pid } = victim
      await victim.kill()
      await victim.start()
      expect(victim.pid).not.toBe(pid)
    }
    // What a client sends again after all is no second review.
    await client.batch(Array.from({ length: 20 }, (_, row) => reviewOf(row)))

    const counts = async (): Promise<Record<string, number>> => {
      const features = [
        'sentiments:all:positive',
        'sentiments:all:negative',
        'textLabels:all:looks',
        'textLabels:all:quality',
      ]
      const entities = things.map((id) => ({ kind: 'item' as const, id }))
      const answer = await client.features({ entities, features: [...features, 'ratings:all'] })
      const sums: Record<string, number> = {}
      for (const { features: values } of answer.entities)
        for (const [name, { value }] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + Number(value ?? 0)
      return sums
    }
    const rows = Array.from({ length: reviews }, (_, row) => said(row))
    const expected = {
      'sentiments:all:positive': rows.filter(({ sentiment }) => sentiment === 'positive').length,
      'sentiments:all:negative': rows.filter(({ sentiment }) => sentiment === 'negative').length,
      'textLabels:all:looks': rows.filter(({ topic }) => topic === 'looks').length,
      'textLabels:all:quality': rows.filter(({ topic }) => topic === 'quality').length,
      'ratings:all': reviews,
    }
    await vi.waitFor(async () => expect(await counts()).toEqual(expected), { timeout: 90_000, interval: 250 })

    const before = await readStateFields(installation)
    const { id } = await client.http.json<StateRebuild>({ method: 'POST', path: '/v1/state/rebuild', body: {} })
    await vi.waitFor(
      async () => {
        const { state } = await client.http.json<StateRebuild>({ method: 'GET', path: `/v1/state/rebuild/${id}` })
        expect(state).toBe('done')
      },
      { timeout: 60_000, interval: 250 },
    )
    expect(await readStateFields(installation)).toEqual(before)
    expect((await client.users.get('user-0'))?.texts).toHaveLength(reviews / users)
  },
)

it(
  'a model that a job trains on an uploaded data set labels by call and by job, behind the gateway',
  { timeout: 180_000 },
  async () => {
    const { client } = installation
    const rows = Array.from({ length: 120 }, (_, row) => said(row + 20_000))
    const body = rows.map(({ text, sentiment }) => JSON.stringify({ text, label: sentiment })).join('\n')
    expect(await client.datasets.upload('reviews', body, { format: 'ndjson' })).toMatchObject({ rows: rows.length })

    const training = await client.trainingJobs.create({
      task: 'text-classification',
      dataset: { name: 'reviews' },
      model: 'verdicts',
      algorithms: ['multinomial-nb'],
      budgetSeconds: 5,
    })
    const soon = { timeout: 60_000, interval: 200 }
    const trained = await vi.waitFor(async () => {
      const job = await client.trainingJobs.get(training.id)
      expect(job.state, job.error?.message).toBe('succeeded')
      return job
    }, soon)
    expect(trained.result).toMatchObject({ algorithm: 'multinomial-nb', promoted: true })

    const unseen = Array.from({ length: 6 }, (_, row) => said(row + 30_000))
    const labels = unseen.map(({ sentiment }) => sentiment)
    const documents = unseen.map(({ text }, row) => ({ id: `${row}`, text }))
    const modelVersion = trained.result?.version
    const classified = await vi.waitFor(() => client.text.classify({ model: 'verdicts', documents }), soon)
    expect(classified).toMatchObject({ results: labels.map((label) => ({ label, modelVersion })), errors: [] })
    const analyzed = await client.sentiment.analyze({ documents })
    expect(analyzed).toMatchObject({ results: labels.map((label) => ({ label })), errors: [] })

    const { id } = await client.text.jobs.create({ dataset: { name: 'reviews' }, model: 'verdicts' })
    await vi.waitFor(async () => {
      const job = await client.text.jobs.get(id)
      expect(job.state, job.error?.message).toBe('succeeded')
    }, soon)
    const result = await Array.fromAsync(client.text.jobs.result(id))
    expect(result).toMatchObject(
      rows.map(({ sentiment: label }, row) => ({ row: row + 1, given: [label], label, modelVersion })),
    )
  },
)
