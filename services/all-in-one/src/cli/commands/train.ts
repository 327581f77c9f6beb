import type { Command } from '@commander-js/extra-typings'
import { connect, interruptible } from '../connection.ts'
import { budgetOption, runTraining } from '../run-training.ts'
import { addTrainTextCommands } from './train-text.ts'

export function addTrainCommand(program: Command): void {
  const train = program
    .command('train')
    .description('Trains models, compares them on what none of them has seen, and lets the best one serve.')
  train
    .command('recommender')
    .addOption(budgetOption)
    .option('--no-wait', 'leave as soon as the job is queued')
    .option('--unless-under-way', 'done, too, when a job of the task waits or runs already')
    .description('Recommendations, from the tenant’s own events.')
    .addHelpText(
      'after',
      `
The leaderboard shows each contender on the latest part of the events, which none of them has seen: the model that
serves now (champion), what this search has found (challenger), and popularity (baseline), which a model must beat.
The challenger that was best on the events before those is the one that may replace the champion, if it is better here.
Ctrl-C cancels the job.

Example:
  rapport train recommender --budget 120
  rapport train recommender --no-wait --unless-under-way`,
    )
    .action(async ({ budget, wait, unlessUnderWay = false }) => {
      const { client } = await connect()
      const signal = interruptible('the job is cancelled')
      await runTraining(
        client,
        { task: 'recommender', ...(budget !== undefined && { budgetSeconds: budget }) },
        { wait, signal, unlessUnderWay },
      )
    })
  addTrainTextCommands(train)
}
