import { Option } from '@commander-js/extra-typings'
import type { CreateTrainingJob, TrainingJob } from '@rapport/contracts'
import { backoffMs } from '@rapport/core'
import { type RapportClient, RapportApiError, RapportConnectionError } from '@rapport/sdk'
import { wholeNumber } from './arguments.ts'
import { InterruptedError, pause } from './connection.ts'
import { print, startProgress } from './output.ts'
import { printLeaderboard } from './training-leaderboard.ts'

/** The option that every training has. */
export const budgetOption = new Option(
  '--budget <seconds>',
  'how long the search for parameters may take (default: 60)',
).argParser(wholeNumber(5, 86_400))

export interface WatchOptions {
  /** Until the job's end. */
  readonly wait: boolean
  /** Another job of the task that waits or runs is as good as one of its own, and not followed. */
  readonly unlessUnderWay?: boolean
  readonly signal: AbortSignal
  /** Between two looks at the job. Default 500. */
  readonly pollMs?: number
  /** For a platform that is away. Default 5 minutes. */
  readonly patienceMs?: number
}

/**
 * Makes a job and follows it to its end; an interruption cancels it. The job goes on when the platform stays away or the
 * cancel fails, and the error says so.
 */
export async function runTraining(
  client: RapportClient,
  wanted: CreateTrainingJob,
  { wait, unlessUnderWay = false, signal, pollMs = 500, patienceMs = 300_000 }: WatchOptions,
): Promise<void> {
  const id = await createJob(client, wanted, unlessUnderWay)
  if (id === undefined) return
  print(`job ${id}`)
  if (!wait) return
  const watching = new AbortController()
  const cancel = (): void =>
    void client.trainingJobs.cancel(id).catch((cause: unknown) => {
      watching.abort(new Error(`job ${id} could not be cancelled and goes on: ${messageOf(cause)}`, { cause }))
    })
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  const job = await follow(client, id, { signal: watching.signal, pollMs, patienceMs })
  if (job.state === 'cancelled' && signal.reason instanceof InterruptedError) throw signal.reason
  printOutcome(job)
}

/** Its id; undefined where another is under way and that will do. */
async function createJob(
  client: RapportClient,
  wanted: CreateTrainingJob,
  unlessUnderWay: boolean,
): Promise<string | undefined> {
  try {
    return (await client.trainingJobs.create(wanted)).id
  } catch (error) {
    if (!unlessUnderWay || !(error instanceof RapportApiError) || error.code !== 'RPT_JOB_UNDER_WAY') throw error
    print(error.message)
    return undefined
  }
}

/** The job when it has ended. */
async function follow(
  client: RapportClient,
  id: string,
  { signal, pollMs, patienceMs }: Required<Omit<WatchOptions, 'wait' | 'unlessUnderWay'>>,
): Promise<TrainingJob> {
  const progress = startProgress('training', 100)
  let failures = 0
  let seenMs = performance.now()
  try {
    for (;;) {
      try {
        const job = await client.trainingJobs.get(id)
        failures = 0
        seenMs = performance.now()
        progress.update(Math.round((job.progress?.fraction ?? 0) * 100), noteOf(job))
        if (job.state !== 'queued' && job.state !== 'running') return job
      } catch (cause) {
        signal.throwIfAborted()
        if (!isPassing(cause) || performance.now() - seenMs >= patienceMs) {
          throw new Error(`job ${id} goes on without being watched: ${messageOf(cause)}`, { cause })
        }
        failures += 1
        progress.log(`the platform does not answer, trying again: ${messageOf(cause)}`)
      }
      await pause(pollMs + (failures === 0 ? 0 : backoffMs(failures, { baseMs: pollMs, maxMs: 30 * pollMs })), signal)
    }
  } finally {
    progress.stop()
  }
}

/** Whether another look may succeed. */
const isPassing = (error: unknown): boolean =>
  error instanceof RapportConnectionError ||
  (error instanceof RapportApiError && (error.status === 429 || error.status >= 500))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function noteOf({ state, progress }: TrainingJob): string {
  if (progress === undefined) return state
  const { stage, candidate, best, leftSeconds } = progress
  return [
    stage,
    ...(candidate === undefined ? [] : [candidate]),
    ...(best === undefined ? [] : [`best so far ${Math.abs(best.mean).toFixed(4)}`]),
    ...(leftSeconds === undefined ? [] : [`${leftSeconds} s left`]),
  ].join(', ')
}

function printOutcome({ state, error, warnings = [], leaderboard = [], summary }: TrainingJob): void {
  for (const { message } of warnings) process.stderr.write(`warning: ${message}\n`)
  if (leaderboard.length > 0) printLeaderboard(leaderboard)
  if (state === 'cancelled') throw new Error('the job was cancelled')
  if (state !== 'succeeded') throw new Error(`the job has failed: ${error?.message ?? 'no reason was given'}`)
  if (summary !== undefined) print(summary)
}
