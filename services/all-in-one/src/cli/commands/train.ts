import { setTimeout } from 'node:timers/promises'
import { Argument, type Command } from '@commander-js/extra-typings'
import type { LeaderboardRow, TrainingJob } from '@rapport/contracts'
import { trainingTasks } from '@rapport/contracts'
import { wholeNumber } from '../arguments.ts'
import { connect, InterruptedError, interruptible } from '../connection.ts'
import { print, printTable, startProgress } from '../output.ts'

export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .addArgument(new Argument('<task>', 'what to train').choices(trainingTasks))
    .option('--budget <seconds>', 'how long the search for parameters may take (default: 60)', wholeNumber(5, 86_400))
    .option('--no-wait', 'leave as soon as the job is queued')
    .description(
      'Trains models on the tenant’s own events, compares them on later events, and lets the best one serve.',
    )
    .addHelpText(
      'after',
      `
The leaderboard shows each contender on the latest part of the events, which none of them has seen: the model that
serves now (champion), what this search has found (challenger), and popularity (baseline), which a model must beat.
The challenger that was best on the events before those is the one that may replace the champion, if it is better here.
Ctrl-C cancels the job.

Example:
  rapport train recommender --budget 120`,
    )
    .action(async (task, { budget, wait }) => {
      const { client } = await connect()
      const signal = interruptible('the job is cancelled')
      const { id } = await client.trainingJobs.create({
        task,
        ...(budget !== undefined && { budgetSeconds: budget }),
      })
      print(`job ${id}`)
      if (!wait) return
      signal.addEventListener('abort', () => void client.trainingJobs.cancel(id).catch(() => undefined))
      const job = await follow(() => client.trainingJobs.get(id))
      if (job.state === 'cancelled' && signal.reason instanceof InterruptedError) throw signal.reason
      printOutcome(job)
    })
}

/** The job when it has ended. */
async function follow(readJob: () => Promise<TrainingJob>): Promise<TrainingJob> {
  const progress = startProgress('training', 100)
  for (;;) {
    const job = await readJob()
    progress.update(Math.round((job.progress?.fraction ?? 0) * 100), job.progress?.stage ?? job.state)
    if (job.state !== 'queued' && job.state !== 'running') {
      progress.stop()
      return job
    }
    await setTimeout(500)
  }
}

function printOutcome({ state, error, leaderboard = [], summary }: TrainingJob): void {
  if (leaderboard.length > 0) printLeaderboard(leaderboard)
  if (state === 'cancelled') throw new Error('the job was cancelled')
  if (state !== 'succeeded') throw new Error(`the job has failed: ${error?.message ?? 'no reason was given'}`)
  if (summary !== undefined) print(summary)
}

function printLeaderboard(rows: readonly LeaderboardRow[]): void {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
  printTable(
    ['', 'algorithm', 'role', ...metrics, 'seconds', 'parameters'],
    rows.map((row) => [
      row.isWinner ? '*' : '',
      row.algorithm,
      row.role ?? '',
      ...metrics.map((metric) => row.metrics[metric]?.toFixed(4) ?? ''),
      row.trainingSeconds?.toFixed(1) ?? '',
      row.declined === undefined ? inWords(row.parameters) : `declined: ${row.declined}`,
    ]),
  )
}

const inWords = (parameters: LeaderboardRow['parameters']): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
