import { setTimeout } from 'node:timers/promises'
import { Argument, type Command } from '@commander-js/extra-typings'
import type { LeaderboardRow, TrainingJob } from '@rapport/contracts'
import { connect, interruptible } from '../connection.ts'
import { print, printTable, startProgress } from '../output.ts'

const tasks = ['recommender'] as const

export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .addArgument(new Argument('<task>', 'what to train').choices(tasks))
    .option('--budget <seconds>', 'how long the search for parameters may take', Number)
    .option('--no-wait', 'leave as soon as the job is queued')
    .description(
      'Trains models on the tenant’s own events, compares them on the latest part, and lets the best one serve.',
    )
    .addHelpText('after', '\nCtrl-C cancels the job.\n\nExample:\n  rapport train recommender --budget 120')
    .action(async (task, { budget, wait }) => {
      const { client } = await connect()
      const signal = interruptible()
      const body = { task, ...(budget !== undefined && { budgetSeconds: budget }) }
      const created = await client.http.json<TrainingJob>({ method: 'POST', path: '/v1/training-jobs', body })
      print(`job ${created.id}`)
      if (!wait) return
      const path = `/v1/training-jobs/${created.id}`
      const cancel = (): void =>
        void client.http.send({ method: 'POST', path: `${path}/cancel` }).catch(() => undefined)
      signal.addEventListener('abort', cancel)
      await follow(() => client.http.json<TrainingJob>({ method: 'GET', path }))
    })
}

async function follow(readJob: () => Promise<TrainingJob>): Promise<void> {
  const progress = startProgress('training', 100)
  for (;;) {
    const job = await readJob()
    progress.update(Math.round((job.progress?.fraction ?? 0) * 100), job.progress?.stage ?? job.state)
    if (job.state === 'queued' || job.state === 'running') {
      await setTimeout(500)
      continue
    }
    progress.stop()
    printLeaderboard(job.leaderboard ?? [])
    if (job.state !== 'succeeded')
      throw new Error(`the job ${job.state}: ${job.error?.message ?? 'no reason was given'}`)
    if (job.result) print(outcome(job.result))
    return
  }
}

function printLeaderboard(rows: readonly LeaderboardRow[]): void {
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))]
  printTable(
    ['algorithm', ...metrics, 'seconds', 'parameters'],
    rows.map((row) => [
      row.algorithm,
      ...metrics.map((metric) => row.metrics[metric]?.toFixed(4) ?? ''),
      row.trainingSeconds?.toFixed(1) ?? '',
      row.declined === undefined ? JSON.stringify(row.parameters) : `declined: ${row.declined}`,
    ]),
  )
}

const outcome = ({ version, algorithm, promoted }: NonNullable<TrainingJob['result']>): string =>
  promoted
    ? `${algorithm} won and serves now as version ${version}`
    : `${algorithm} is version ${version}; the champion was not worse and stays`
