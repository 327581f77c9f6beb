import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings'
import type { LabelJob } from '@rapport/contracts'
import type { LabelJobs } from '@rapport/sdk'
import { connect, InterruptedError, interruptible } from '../connection.ts'
import { sourceOptions, takeTexts } from '../dataset-source.ts'
import { startProgress } from '../output.ts'

const pollMs = 500

/** `rapport label text` and `rapport label sentiment`. */
export function addLabelCommand(program: Command): void {
  const label = program.command('label').description('Labels all texts of a file or data set by a trained model.')
  addKind(label, 'text', 'Labels of texts.')
  addKind(label, 'sentiment', 'Sentiment of texts and of their sentences.')
}

function addKind(label: Command, name: 'text' | 'sentiment', description: string): void {
  label
    .command(name)
    .addOption(sourceOptions.data)
    .addOption(sourceOptions.dataset)
    .option('--text <column>', 'where the texts stand in the file', 'text')
    .option('--label <column>', 'where labels stand in the file, to be compared with those of the model')
    .addOption(sourceOptions.format)
    .addOption(sourceOptions.name)
    .addOption(
      new Option('--events', 'the texts of the archived events, in place of a file or data set').conflicts([
        'data',
        'dataset',
      ]),
    )
    .addOption(new Option('--from <time>', 'of the events, ISO 8601').implies({ events: true }))
    .addOption(new Option('--to <time>', 'of the events, ISO 8601, not included').implies({ events: true }))
    .option('--model <name>', `which model (default: ${name})`)
    .option('--threshold <probability>', 'mark rows whose label is less probable as uncertain', toProbability)
    .option('--out <file>', 'where the result goes, a line of JSON for each row (default: standard output)')
    .description(description)
    .addHelpText(
      'after',
      `
The texts are labelled by the platform, also when this command ends. Ctrl-C cancels.

Example:
  rapport label ${name} --data reviews.csv --text review --out labelled.ndjson`,
    )
    .action(
      async ({ data, dataset, text, label: labelColumn = '', format, name: wanted, events, from, to, ...options }) => {
        const { model, threshold, out } = options
        const { client } = await connect()
        const signal = interruptible('the job is cancelled')
        const upload = { text, label: labelColumn, signal, ...(format !== undefined && { format }) }
        const period = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
        const source = events
          ? { events: period }
          : { dataset: await takeTexts(client, { file: data, dataset, name: wanted, ...upload }) }
        const { jobs } = client[name]
        const { id } = await jobs.create({
          ...source,
          ...(model !== undefined && { model }),
          ...(threshold !== undefined && { threshold }),
        })
        process.stderr.write(`job ${id}\n`)
        const job = await follow(jobs, id, signal)
        if (job.state === 'cancelled' && signal.reason instanceof InterruptedError) throw signal.reason
        if (job.state !== 'succeeded') throw new Error(`the job has ${job.state}: ${job.error?.message ?? ''}`)
        await save(jobs, id, out)
        process.stderr.write(summaryOf(job))
      },
    )
}

async function follow(jobs: LabelJobs, id: string, signal: AbortSignal): Promise<LabelJob> {
  const cancel = (): void => void jobs.cancel(id).catch(() => undefined)
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel)
  const first = await jobs.get(id)
  const progress = startProgress('labelling', first.progress.of)
  try {
    for (let job = first; ; job = await jobs.get(id)) {
      progress.update(job.progress.rows, job.state)
      if (job.state !== 'queued' && job.state !== 'running') return job
      await setTimeout(pollMs)
    }
  } finally {
    progress.stop()
  }
}

async function save(jobs: LabelJobs, id: string, out: string | undefined): Promise<void> {
  const lines = async function* (): AsyncGenerator<string> {
    for await (const row of jobs.result(id)) yield `${JSON.stringify(row)}\n`
  }
  if (out !== undefined) return pipeline(lines, createWriteStream(out))
  for await (const line of lines()) if (!process.stdout.write(line)) await once(process.stdout, 'drain')
}

function summaryOf({ progress }: LabelJob): string {
  const { labelled, refused, labels, given, agreeing } = progress
  const counts = Object.entries(labels)
    .toSorted(([, one], [, other]) => other - one)
    .map(([label, rows]) => `${label} ${rows}`)
  const agreement = given === 0 ? '' : `; ${((100 * agreeing) / given).toFixed(1)} % of ${given} as in the data set`
  return `${labelled} labelled, ${refused} refused: ${counts.slice(0, 20).join(', ')}${agreement}\n`
}

function toProbability(text: string): number {
  const probability = Number(text)
  const isOne = text.trim() !== '' && probability >= 0 && probability <= 1
  if (!isOne) throw new InvalidArgumentError('a number from 0 to 1.')
  return probability
}
