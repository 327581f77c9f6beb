import { trainingTasks, type TrainingJob } from '@rapport/contracts'
import { Histogram, type Registry } from 'prom-client'

export interface ControlMetrics {
  readonly trainingSeconds: Histogram<'task' | 'outcome'>
}

const outcomes = ['promoted', 'kept', 'failed', 'cancelled'] as const

export function createControlMetrics(registry: Registry): ControlMetrics {
  const trainingSeconds = new Histogram({
    name: 'rapport_training_seconds',
    help: 'Time from the claim to the end of training jobs, by task and result: promoted (the champion names the new version), kept (the version before serves on), failed, or cancelled. A job that ended before anybody claimed it counts with 0.',
    labelNames: ['task', 'outcome'],
    buckets: [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200],
    registers: [registry],
  })
  // What is counted from 0 on has an increase with the first of its kind.
  for (const task of trainingTasks) for (const outcome of outcomes) trainingSeconds.zero({ task, outcome })
  return { trainingSeconds }
}

/** Counts a finished job. */
export function countTraining({ trainingSeconds }: ControlMetrics, job: TrainingJob): void {
  const { task, state, startedAt, finishedAt, result } = job
  const outcome = state === 'succeeded' ? (result?.promoted === true ? 'promoted' : 'kept') : state
  const ms = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? finishedAt ?? '')
  trainingSeconds.observe({ task, outcome }, Math.max(0, ms) / 1000)
}
