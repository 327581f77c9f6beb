import { setTimeout } from 'node:timers/promises'
import { Option } from '@commander-js/extra-typings'
import type { CreateTrainingJob, TrainingJob } from '@rapport/contracts'
import type { RapportClient } from '@rapport/sdk'
import { wholeNumber } from './arguments.ts'
import { InterruptedError } from './connection.ts'
import { print, startProgress } from './output.ts'
import { printLeaderboard } from './training-leaderboard.ts'

/** The option that every training has. */
export const budgetOption = new Option(
  '--budget <seconds>',
  'how long the search for parameters may take (default: 60)',
).argParser(wholeNumber(5, 86_400))

/** Makes a job and follows it to its end; an interruption cancels it. */
export async function runTraining(
  client: RapportClient,
  wanted: CreateTrainingJob,
  { wait, signal }: { readonly wait: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { id } = await client.trainingJobs.create(wanted)
  print(`job ${id}`)
  if (!wait) return
  const cancel = (): void => void client.trainingJobs.cancel(id).catch(() => undefined)
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  const job = await follow(() => client.trainingJobs.get(id))
  if (job.state === 'cancelled' && signal.reason instanceof InterruptedError) throw signal.reason
  printOutcome(job)
}

/** The job when it has ended. */
async function follow(readJob: () => Promise<TrainingJob>): Promise<TrainingJob> {
  const progress = startProgress('training', 100)
  for (;;) {
    const job = await readJob()
    progress.update(Math.round((job.progress?.fraction ?? 0) * 100), noteOf(job))
    if (job.state !== 'queued' && job.state !== 'running') {
      progress.stop()
      return job
    }
    await setTimeout(500)
  }
}

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
