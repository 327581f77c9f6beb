import { backfill, createShop } from '@rapport/demo-shop'
import { until } from '@rapport/infra'
import type { CreateTrainingJob, RapportClient, TrainingJob } from '@rapport/sdk'
import type { Kubectl } from '../cluster/kubectl.ts'
import { podsOf } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'

const visitor = { userId: 'visitor-1', count: 8 } as const

/** The shop's visitors are recommended something for what they did, by pods that never start anew when models come. */
export async function checkShop(kubectl: Kubectl, client: RapportClient, transcript: Transcript): Promise<void> {
  await transcript.check('the shop’s traffic gets recommendations through the Services’ addresses', async () => {
    const events = await backfill(client, createShop(1), Date.now(), 'behaviour')
    const ask = async (): Promise<boolean> => (await client.recommend(visitor)).items.length === visitor.count
    must(await until(ask, { withinMs: 60_000, everyMs: 500 }), 'visitors are recommended nothing')
    return `${events} events, ${visitor.count} recommendations`
  })
  await transcript.check('trainings run in a pod, and models are swapped in without a restart', async () => {
    const before = await startsOf(kubectl)
    await trainTexts(client)
    const first = await train(client, { task: 'recommender', budgetSeconds: 5 })
    await isServed(client, first)
    const second = await train(client, { task: 'recommender', budgetSeconds: 5 })
    const seconds = await isServed(client, second)
    must((await startsOf(kubectl)) === before, 'containers have been started anew')
    return `two models after one another, the second answers ${seconds.toFixed(1)} s after its promotion`
  })
}

/** Of all containers of the platform, by pod. */
async function startsOf(kubectl: Kubectl): Promise<string> {
  const pods = await podsOf(kubectl, 'app.kubernetes.io/part-of=rapport')
  const starts = pods.map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses?.[0]?.restartCount}`)
  return starts.sort().join(', ')
}

async function train(client: RapportClient, job: CreateTrainingJob): Promise<TrainingJob> {
  const { id } = await client.trainingJobs.create(job)
  let seen = await client.trainingJobs.get(id)
  const isOver = await until(
    async () => {
      seen = await client.trainingJobs.get(id)
      return ['succeeded', 'failed', 'cancelled'].includes(seen.state)
    },
    { withinMs: 240_000, everyMs: 500 },
  )
  must(isOver && seen.state === 'succeeded', `the training of ${seen.model} is ${seen.state}: ${seen.error?.message}`)
  return seen
}

/** Seconds from the promotion of a model until it is the one that answers. */
async function isServed(client: RapportClient, { result, model }: TrainingJob): Promise<number> {
  if (result === undefined) throw new Error(`the training of ${model} has made none that is better than the baseline`)
  // One that is no better than the model in use waits for somebody who wants it.
  if (!result.promoted) await client.models.promote(model, result.version)
  const started = performance.now()
  let seen: string | null = null
  const served = await until(
    async () => {
      seen = (await client.recommend({ ...visitor, count: 1 })).model
      return seen === result.version
    },
    { withinMs: 60_000, everyMs: 100 },
  )
  must(served, `version ${result.version} of ${model} was made, ${seen} answers`)
  return (performance.now() - started) / 1000
}

const things = ['kettle', 'lamp', 'tent', 'coat', 'chair'] as const
const opinions = {
  positive: ['works well', 'is lovely', '质量很好'],
  negative: ['broke at once', 'is useless', '质量太差'],
} as const

/** Small models on texts, so that these services, too, have something to answer with. */
async function trainTexts(client: RapportClient): Promise<void> {
  const rows = Array.from({ length: 120 }, (_, row) => {
    const label = row % 2 === 0 ? 'positive' : 'negative'
    return JSON.stringify({
      text: `The ${things[row % 5]} ${opinions[label][row % 3]}, order ${(row + 1) * 7919}`,
      label,
    })
  })
  await client.datasets.upload('reviews', rows.join('\n'), { format: 'ndjson' })
  for (const task of ['sentiment', 'text-classification'] as const)
    await train(client, { task, dataset: { name: 'reviews' }, algorithms: ['multinomial-nb'], budgetSeconds: 5 })
}
