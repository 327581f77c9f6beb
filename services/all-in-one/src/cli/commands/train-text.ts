import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import {
  textAlgorithms,
  trainingDevices,
  trainingObjectives,
  type CreateTextJob,
  type TextAlgorithm,
} from '@rapport/contracts'
import { wholeNumber } from '../arguments.ts'
import { connect, interruptible } from '../connection.ts'
import { sourceOptions, takeTexts } from '../dataset-source.ts'
import { readWords } from '../read-words.ts'
import { budgetOption, runTraining } from '../run-training.ts'

/** `rapport train text` and `rapport train sentiment`. */
export function addTrainTextCommands(train: Command): void {
  addTextCommand(train, 'text', 'text-classification')
  addTextCommand(train, 'sentiment', 'sentiment')
}

const descriptions = {
  'text-classification': 'Labels of texts, from a file or data set of labelled texts.',
  sentiment: 'Sentiment of texts (positive, neutral, negative), from a file or data set of labelled texts.',
} as const

const hashOption = new Option('--hash-bits <n>', 'hash n-grams into 2^n columns, no vocabulary').argParser(
  wholeNumber(12, 22),
)

function addTextCommand(train: Command, name: string, task: CreateTextJob['task']): void {
  train
    .command(name)
    .addOption(sourceOptions.data)
    .addOption(sourceOptions.dataset)
    .option('--text <column>', 'where the texts stand in the file', 'text')
    .option('--label <column>', 'where the labels stand in the file', 'label')
    .option('--multi-label', 'a text of the file has several labels, separated by |')
    .addOption(sourceOptions.format)
    .addOption(sourceOptions.name)
    .option('--model <name>', `of the model (default: ${name})`)
    .option('--algorithms <list>', `any of ${textAlgorithms.join(',')}`, readAlgorithms)
    .addOption(new Option('--objective <figure>', 'what decides (default: accuracy)').choices(trainingObjectives))
    .addOption(new Option('--device <device>', 'for networks (default: auto)').choices(trainingDevices))
    .option('--dictionary <file>', 'words that the segmentation of Chinese keeps whole, one a line', readWords)
    .addOption(hashOption)
    .addOption(budgetOption)
    .option('--no-wait', 'leave as soon as the job is queued')
    .description(descriptions[task])
    .addHelpText(
      'after',
      `
A fifth of the rows is held out. The candidate that is best in cross-validation on the others wins; the leaderboard
shows it, the best of each other algorithm (while time is left) and the recipe of what serves now (champion) on the
held-out part, trained on the same rows. The winner, trained on all rows, serves when it is not worse there than the
champion, has the same labels, and has learnt from no less than half as many rows. Ctrl-C cancels.

Networks are tried when --algorithms names them, or with --device gpu, which fails where there is no GPU. On a CPU they
take minutes: give them a --budget.

Examples:
  rapport train ${name} --data reviews.csv --text review --label label
  rapport train ${name} --data reviews.csv --algorithms linear-svm,text-cnn --budget 900`,
    )
    .action(async ({ data, dataset, text, label, multiLabel, format, name: wantedName, wait, budget, ...wanted }) => {
      const { model, algorithms, objective, device, dictionary, hashBits } = wanted
      const { client } = await connect()
      const signal = interruptible('the job is cancelled')
      const upload = { text, label, signal, ...(multiLabel && { multiLabel }), ...(format !== undefined && { format }) }
      const source = await takeTexts(client, { file: data, dataset, name: wantedName, ...upload })
      await runTraining(
        client,
        {
          task,
          dataset: source,
          ...(model !== undefined && { model }),
          ...(algorithms !== undefined && { algorithms }),
          ...(objective !== undefined && { objective }),
          ...(device !== undefined && { device }),
          ...(dictionary !== undefined && { dictionary }),
          ...(hashBits !== undefined && { hashBits }),
          ...(budget !== undefined && { budgetSeconds: budget }),
        },
        { wait, signal },
      )
    })
}

function readAlgorithms(text: string): TextAlgorithm[] {
  return text.split(',').map((name) => {
    const known = textAlgorithms.find((algorithm) => algorithm === name.trim())
    if (known === undefined) throw new InvalidArgumentError(`"${name}" is none of ${textAlgorithms.join(', ')}.`)
    return known
  })
}
