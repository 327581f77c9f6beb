import { trainingTasks, type TrainingJob } from '@rapport/contracts'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { countTraining, createControlMetrics } from './metrics.ts'

const job: TrainingJob = {
  id: 'recommender-000001',
  tenant: 'shop',
  task: 'recommender',
  model: 'recommender',
  state: 'succeeded',
  reason: 'request',
  eventCount: 0,
  budgetSeconds: 5,
  attempts: 1,
  requestedAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:01:00.000Z',
  finishedAt: '2026-01-01T00:01:40.000Z',
}
const result = { version: 'v1', algorithm: 'ease' }

it.each<[string, Partial<TrainingJob>, number]>([
  ['promoted', { result: { ...result, promoted: true } }, 40],
  ['kept', { result: { ...result, promoted: false } }, 40],
  ['kept', {}, 40],
  ['failed', { state: 'failed' }, 40],
  ['cancelled', { state: 'cancelled' }, 40],
])('a training that ends as %s (%j) counts with its %d seconds', async (outcome, changes, seconds) => {
  const registry = new Registry()
  countTraining(createControlMetrics(registry), { ...job, ...changes })
  const text = await registry.metrics()
  expect(text).toContain(`rapport_training_seconds_count{task="recommender",outcome="${outcome}"} 1`)
  expect(text).toContain(`rapport_training_seconds_sum{task="recommender",outcome="${outcome}"} ${seconds}`)
})

it('every task and outcome is shown from the start', async () => {
  const registry = new Registry()
  createControlMetrics(registry)
  const text = await registry.metrics()
  for (const task of trainingTasks)
    for (const outcome of ['promoted', 'kept', 'failed', 'cancelled'])
      expect(text).toContain(`rapport_training_seconds_count{task="${task}",outcome="${outcome}"} 0`)
})

it('a training that nobody could claim counts as a failure', async () => {
  const registry = new Registry()
  const { startedAt: _startedAt, ...unclaimed } = job
  countTraining(createControlMetrics(registry), { ...unclaimed, state: 'failed' })
  const text = await registry.metrics()
  expect(text).toContain('_count{task="recommender",outcome="failed"} 1')
  expect(text).toContain('_sum{task="recommender",outcome="failed"} 0')
})
