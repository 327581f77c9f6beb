import { basename } from 'node:path'
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import {
  datasetFormats,
  textAlgorithms,
  trainingDevices,
  trainingObjectives,
  type CreateTextJob,
  type TextAlgorithm,
} from '@rapport/contracts'
import type { DatasetUpload } from '@rapport/sdk'
import { connect, interruptible } from '../connection.ts'
import { print } from '../output.ts'
import { budgetOption, runTraining } from '../run-training.ts'
import { uploadFile } from '../upload-file.ts'

const longestName = 63

/** `rapport train text` and `rapport train sentiment`. */
export function addTrainTextCommands(train: Command): void {
  addTextCommand(train, 'text', 'text-classification')
  addTextCommand(train, 'sentiment', 'sentiment')
}

const descriptions = {
  'text-classification': 'Labels of texts, from a file or data set of labelled texts.',
  sentiment: 'Sentiment of texts (positive, neutral, negative), from a file or data set of labelled texts.',
} as const

function addTextCommand(train: Command, name: string, task: CreateTextJob['task']): void {
  train
    .command(name)
    .addOption(new Option('--data <file>', 'CSV with a header line, or NDJSON; becomes a version of a data set'))
    .addOption(
      new Option('--dataset <name[@version]>', 'a data set that is there, in place of a file').conflicts('data'),
    )
    .option('--text <column>', 'where the texts stand in the file', 'text')
    .option('--label <column>', 'where the labels stand in the file', 'label')
    .addOption(new Option('--format <format>', 'default: what the name of the file says').choices(datasetFormats))
    .option('--name <name>', 'of the data set (default: the name of the file)')
    .option('--model <name>', `of the model (default: ${name})`)
    .option('--algorithms <list>', `any of ${textAlgorithms.join(',')}`, readAlgorithms)
    .addOption(new Option('--objective <figure>', 'what decides (default: accuracy)').choices(trainingObjectives))
    .addOption(new Option('--device <device>', 'for networks (default: auto)').choices(trainingDevices))
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
    .action(async ({ data, dataset, text, label, format, name: wantedName, wait, budget, ...wanted }) => {
      const { model, algorithms, objective, device } = wanted
      if (data === undefined && dataset === undefined)
        throw new Error('there is nothing to learn from: give --data or --dataset')
      const { client } = await connect()
      const signal = interruptible('the job is cancelled')
      const upload = { text, label, signal, ...(format !== undefined && { format }) }
      const source =
        data === undefined
          ? readDatasetName(dataset ?? '')
          : await uploadData(client, data, { ...upload, name: wantedName })
      await runTraining(
        client,
        {
          task,
          dataset: source,
          ...(model !== undefined && { model }),
          ...(algorithms !== undefined && { algorithms }),
          ...(objective !== undefined && { objective }),
          ...(device !== undefined && { device }),
          ...(budget !== undefined && { budgetSeconds: budget }),
        },
        { wait, signal },
      )
    })
}

async function uploadData(
  client: Parameters<typeof uploadFile>[0],
  file: string,
  { name = nameOf(file), ...upload }: DatasetUpload & { readonly name: string | undefined },
): Promise<CreateTextJob['dataset']> {
  const { version, rows } = await uploadFile(client, file, { ...upload, name })
  print(`data set ${name} version ${version}: ${rows} rows`)
  return { name, version }
}

/** What of a file's name can be the name of a data set. */
function nameOf(file: string): string {
  const [stem = ''] = basename(file).toLowerCase().split('.')
  const name = stem
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longestName)
    .replaceAll(/^-+|-+$/g, '')
  if (name === '') throw new Error(`the name of ${file} cannot be that of a data set: give --name`)
  return name
}

function readDatasetName(text: string): CreateTextJob['dataset'] {
  const [name = '', version] = text.split('@')
  return { name, ...(version !== undefined && { version }) }
}

function readAlgorithms(text: string): TextAlgorithm[] {
  return text.split(',').map((name) => {
    const known = textAlgorithms.find((algorithm) => algorithm === name.trim())
    if (known === undefined) throw new InvalidArgumentError(`"${name}" is none of ${textAlgorithms.join(', ')}.`)
    return known
  })
}
