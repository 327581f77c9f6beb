import type { TrainingJob } from '@rapport/contracts'
import { type RapportClient, RapportApiError, RapportConnectionError } from '@rapport/sdk'
import { afterEach, expect, it, vi } from 'vitest'
import { InterruptedError } from './connection.ts'
import { runTraining } from './run-training.ts'

afterEach(() => void vi.restoreAllMocks())

const job = (state: TrainingJob['state']): Partial<TrainingJob> => ({ id: 'text-1', state, summary: 'it serves now' })
const away = (): never => {
  throw new RapportConnectionError('GET got no answer')
}

/** Answers one poll after another by the next of these, and lets a cancel end as told; what was printed. */
async function follow(
  polls: readonly (() => Partial<TrainingJob>)[],
  { cancel = () => undefined, ...options }: { cancel?: () => void; signal?: AbortSignal; patienceMs?: number } = {},
): Promise<string> {
  const printed: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const left = [...polls]
  const trainingJobs = {
    create: async () => Promise.resolve(job('queued')),
    get: async () => Promise.resolve((left.length > 1 ? left.shift() : left[0])?.()),
    cancel: async () => Promise.resolve(cancel()),
  }
  const client = { trainingJobs } as unknown as RapportClient
  const wanted = { task: 'text-classification', dataset: { name: 'reviews' } } as const
  const { signal = new AbortController().signal, patienceMs = 60_000 } = options
  await runTraining(client, wanted, { wait: true, signal, pollMs: 1, patienceMs })
  return printed.join('')
}

it('goes on watching a job when the platform was away for a while', async () => {
  const busy = (): never => {
    throw new RapportApiError(503, undefined)
  }
  expect(await follow([() => job('running'), away, busy, () => job('running'), away, () => job('succeeded')])).toBe(
    'job text-1\nit serves now\n',
  )
})

it('says that the job goes on when the platform stays away, or shows it no more', async () => {
  await expect(follow([away], { patienceMs: 0 })).rejects.toThrow(
    'job text-1 goes on without being watched: GET got no answer',
  )
  const gone = (): never => {
    throw new RapportApiError(401, undefined)
  }
  await expect(follow([gone])).rejects.toThrow('job text-1 goes on without being watched: HTTP 401')
})

it('cancels the job when it is interrupted', async () => {
  const signal = AbortSignal.abort(new InterruptedError('the job is cancelled'))
  let state: TrainingJob['state'] = 'running'
  const cancel = (): void => {
    state = 'cancelled'
  }
  await expect(follow([() => job(state)], { signal, cancel })).rejects.toThrow('interrupted; the job is cancelled')
})

it('says when the job could not be cancelled', async () => {
  const signal = AbortSignal.abort(new InterruptedError('the job is cancelled'))
  await expect(follow([() => job('running')], { signal, cancel: away })).rejects.toThrow(
    'job text-1 could not be cancelled and goes on: GET got no answer',
  )
})

it('leaves it at a job that is under way, where that will do', async () => {
  const printed: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
  const ask = (code: string, unlessUnderWay: boolean): Promise<void> => {
    const conflict = new RapportApiError(409, { code, message: 'The job recommender-1 is running.', requestId: 'r' })
    const client = { trainingJobs: { create: () => Promise.reject(conflict) } } as unknown as RapportClient
    const { signal } = new AbortController()
    return runTraining(client, { task: 'recommender' }, { wait: true, unlessUnderWay, signal })
  }
  await ask('RPT_JOB_UNDER_WAY', true)
  expect(printed.join('')).toBe('The job recommender-1 is running.\n')
  await expect(ask('RPT_JOB_UNDER_WAY', false)).rejects.toThrow('is running')
  await expect(ask('RPT_OTHER', true)).rejects.toThrow('is running')
})
