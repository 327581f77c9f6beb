import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { recommendSets } from './recommend/sets.ts'
import { openResults } from './report/kept-results.ts'
import { formatTable } from './report/table.ts'
import type { MeasureChoice, QualitySet } from './report/quality-set.ts'
import { starterSets } from './starter/sets.ts'
import { sentimentSets, textSets } from './text/sets.ts'

const suites: Readonly<Record<string, Readonly<Record<string, QualitySet>>>> = {
  recommend: recommendSets,
  text: textSets,
  sentiment: sentimentSets,
  starter: starterSets,
}
const exitCodes = { ok: 0, usage: 2, noData: 3 }
const usage = `Usage: npm run quality -- <suite> [--data DIR] [--set SET,SET] [--cell MODEL] [--json]

Trains on public data sets, chooses every parameter on a validation part of the training data (text and sentiment: takes those of a reference, but for
winners and networks) and measures on the test part. \`starter\` measures the models that a release brings, which are trained on made texts alone.

Suites and their sets: ${Object.entries(suites)
  .map(([suite, sets]) => `${suite} (${Object.keys(sets).join(', ')})`)
  .join('; ')}
  --data DIR   folder with the data sets; RAPPORT_QUALITY_DATA when absent
  --set        only these sets (also --only)
  --cell       only this model, of text and sentiment: winner is what a training job's search chooses, and networks bear their names
  --budget SECONDS  for each search for a winner; 60 when absent, as of a training job
  --state FILE results of text and sentiment so far, from which a run goes on; a file for temporary ones when absent
  --fresh      measures anew what the file has of the sets and cells that are asked for
  --json       one line of JSON at the end: { "<set>": { "<metric>": number } }

Exit codes: 0 measured, 2 wrong usage, 3 no data folder.`

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      only: { type: 'string' },
      set: { type: 'string' },
      cell: { type: 'string' },
      state: { type: 'string' },
      budget: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    return exitCodes.ok
  }
  const sets = suites[positionals[0] ?? '']
  if (sets === undefined || positionals.length !== 1) return refuse(usage, exitCodes.usage)
  const suite = positionals[0] ?? ''
  const names = (values.set ?? values.only)?.split(',') ?? Object.keys(sets)
  const unknown = names.filter((name) => !Object.hasOwn(sets, name))
  if (unknown.length > 0) return refuse(`--set names no set of this suite: ${unknown.join(', ')}`, exitCodes.usage)
  const { cell } = values
  if (cell !== undefined && !names.some((name) => sets[name]?.cells?.includes(cell))) {
    return refuse(`--cell names no model of these sets: ${cell}`, exitCodes.usage)
  }
  const dataDir = values.data ?? process.env['RAPPORT_QUALITY_DATA']
  if (dataDir === undefined || dataDir === '') {
    return refuse(
      'No data folder: name one by --data DIR or RAPPORT_QUALITY_DATA. Nothing was measured.',
      exitCodes.noData,
    )
  }
  const budgetSeconds = values.budget === undefined ? undefined : Number(values.budget)
  if (budgetSeconds !== undefined && !(budgetSeconds >= 1)) {
    return refuse(`--budget is no number of seconds: ${values.budget}`, exitCodes.usage)
  }
  const state = values.state ?? join(tmpdir(), `rapport-quality-${suite}.json`)
  const results = await openResults(state, { isFresh: values.fresh })
  const choice = { results, ...(cell !== undefined && { cell }), ...(budgetSeconds !== undefined && { budgetSeconds }) }
  return measure(sets, { names, dataDir, json: values.json, choice })
}

interface Request {
  readonly names: readonly string[]
  readonly dataDir: string
  readonly json: boolean
  readonly choice: MeasureChoice
}

async function measure(sets: Readonly<Record<string, QualitySet>>, request: Request): Promise<number> {
  const results: Record<string, Record<string, number>> = {}
  for (const name of request.names) {
    const set = sets[name]
    if (set === undefined || !set.isPresent(request.dataDir)) {
      return refuse(`The data folder ${request.dataDir} has no data for the set ${name}.`, exitCodes.noData)
    }
    console.log(`\n${set.title}`)
    const started = performance.now()
    const rows = await set.measure(request.dataDir, (line) => console.log(`  ${line}`), request.choice)
    console.log(
      `${formatTable(rows, set.bars, set.noteHeading)}\n  ${((performance.now() - started) / 1000).toFixed(0)} s`,
    )
    results[name] = Object.fromEntries(
      rows.flatMap(({ model, metrics }) =>
        Object.entries(metrics).map(([metric, value]) => [`${model}.${metric}`, value]),
      ),
    )
  }
  if (request.json) console.log(JSON.stringify(results))
  return exitCodes.ok
}

function refuse(problem: string, exitCode: number): number {
  console.error(problem)
  return exitCode
}
