import type { TrainingJob } from '@rapport/contracts'
import { describe, expect, it } from 'vitest'
import { decideTraining, type TrainingSituation } from './training-schedule.ts'

const hourMs = 3_600_000
const nowMs = 1000 * hourMs
const options = { minEvents: 1000, everyMs: 24 * hourMs }

function job(state: TrainingJob['state'], eventCount: number, finishedMsAgo: number): TrainingJob {
  const at = new Date(nowMs - finishedMsAgo).toISOString()
  const unfinished = state === 'queued' || state === 'running'
  return {
    id: 'recommender-000001',
    tenant: 'acme',
    task: 'recommender',
    model: 'recommender',
    state,
    reason: 'schedule',
    eventCount,
    budgetSeconds: 30,
    requestedAt: at,
    attempts: 0,
    ...(unfinished ? {} : { finishedAt: at }),
  }
}

const decide = (changes: Partial<TrainingSituation>, everyMs = options.everyMs): string | undefined =>
  decideTraining(
    { nowMs, eventCount: 5000, hasChampion: false, newest: undefined, newestSuccess: undefined, ...changes },
    { ...options, everyMs },
  )
const after = (done: TrainingJob): Partial<TrainingSituation> => ({
  hasChampion: true,
  newest: done,
  newestSuccess: done,
})

describe('decideTraining', () => {
  it('asks for the first model as soon as there are enough events', () => {
    expect(decide({ eventCount: 999 })).toBeUndefined()
    expect(decide({ eventCount: 1000 })).toBe('first')
    expect(decide({ eventCount: 1000 }, 0)).toBe('first')
  })

  it('never asks while a job is under way', () => {
    expect(decide({ newest: job('queued', 0, 0) })).toBeUndefined()
    expect(decide({ newest: job('running', 0, 100 * hourMs) })).toBeUndefined()
  })

  it('rests after a failure, and then tries again', () => {
    expect(decide({ newest: job('failed', 1000, 60_000), eventCount: 1500 })).toBeUndefined()
    expect(decide({ newest: job('failed', 1000, hourMs) })).toBe('first')
    expect(decide({ newest: job('cancelled', 1000, 60_000) })).toBeUndefined()
  })

  it('tries a failed training again early when what there is has doubled', () => {
    expect(decide({ newest: job('failed', 1000, 20_000), eventCount: 2000 })).toBe('first')
    expect(decide({ newest: job('failed', 1000, 5_000), eventCount: 2000 })).toBeUndefined()
    expect(decide({ newest: job('failed', 1000, 20_000), eventCount: 1999 })).toBeUndefined()
    expect(decide({ newest: job('cancelled', 1000, 20_000), eventCount: 2000 })).toBeUndefined()
    const failed = {
      newest: job('failed', 1000, 20_000),
      newestSuccess: job('succeeded', 900, 60_000),
      hasChampion: true,
    }
    expect(decide({ ...failed, eventCount: 2000 })).toBeUndefined()
  })

  it('trains again by schedule when enough has come in', () => {
    const done = job('succeeded', 4000, 25 * hourMs)
    expect(decide({ ...after(done), eventCount: 5000 })).toBe('schedule')
    expect(decide({ ...after(done), eventCount: 4999 })).toBeUndefined()
    expect(decide({ ...after(job('succeeded', 4000, 23 * hourMs)), eventCount: 5000 })).toBeUndefined()
  })

  it('does not wait for the schedule when what there is has doubled', () => {
    expect(decide({ ...after(job('succeeded', 1000, 3 * 60_000)), eventCount: 2000 })).toBe('schedule')
    expect(decide({ ...after(job('succeeded', 1000, 60_000)), eventCount: 2000 })).toBeUndefined()
    expect(decide({ ...after(job('succeeded', 1500, 3 * 60_000)), eventCount: 2999 })).toBeUndefined()
  })

  it('leaves what follows the first model to requests when the schedule is off', () => {
    expect(decide({ ...after(job('succeeded', 1000, 100 * hourMs)), eventCount: 50_000 }, 0)).toBeUndefined()
  })

  it('is not confused by a count that begins anew', () => {
    expect(decide({ ...after(job('succeeded', 9000, 25 * hourMs)), eventCount: 2000 })).toBeUndefined()
  })
})
