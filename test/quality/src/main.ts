import { parseArgs } from 'node:util'
import { recommendSets } from './recommend/sets.ts'
import { formatTable } from './report/table.ts'
import type { QualitySet } from './report/quality-set.ts'

const suites: Readonly<Record<string, Readonly<Record<string, QualitySet>>>> = { recommend: recommendSets }
const exitCodes = { ok: 0, usage: 2, noData: 3 }
const usage = `Usage: npm run quality -- <suite> [--data DIR] [--only SET,SET] [--json]

Trains on public data sets, chooses every parameter on a validation part of the training data and measures on the test part.

Suites and their sets: ${Object.entries(suites)
  .map(([suite, sets]) => `${suite} (${Object.keys(sets).join(', ')})`)
  .join('; ')}
  --data DIR   folder with the data sets; RAPPORT_QUALITY_DATA when absent
  --only       only these sets
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
  const names = values.only?.split(',') ?? Object.keys(sets)
  const unknown = names.filter((name) => !Object.hasOwn(sets, name))
  if (unknown.length > 0) return refuse(`--only names no set of this suite: ${unknown.join(', ')}`, exitCodes.usage)
  const dataDir = values.data ?? process.env['RAPPORT_QUALITY_DATA']
  if (dataDir === undefined || dataDir === '') {
    return refuse(
      'No data folder: name one by --data DIR or RAPPORT_QUALITY_DATA. Nothing was measured.',
      exitCodes.noData,
    )
  }
  return measure(sets, { names, dataDir, json: values.json })
}

interface Request {
  readonly names: readonly string[]
  readonly dataDir: string
  readonly json: boolean
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
    const rows = await set.measure(request.dataDir, (line) => console.log(`  ${line}`))
    console.log(`${formatTable(rows, set.bars)}\n  ${((performance.now() - started) / 1000).toFixed(0)} s`)
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
