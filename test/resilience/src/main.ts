// `npm run resilience`: the long forms; the short ones run in `npm test`.
import { parseArgs } from 'node:util'
import { amissIn } from './harness/check.ts'
import { effectKinds } from './harness/effects.ts'
import { mostInHand } from './harness/recommendations.ts'
import { runLong, type LongRunReport } from './long-run.ts'
import { runShapes } from './shapes/run-shapes.ts'

const usage = `Usage:
  npm run resilience -- --long [--events N] [--kills N] [--events-per-second N] [--seed N] [--json]
      Kills at random under load, for as long as it takes (1,000,000 events, 50 kills).
  npm run resilience -- --shapes --data DIR [--events N] [--json]
      Imports Online Retail into one process and into separate ones and compares state, features and evaluation.
      Exit codes: 0 nothing differs, 1 something does, 2 wrong usage, 3 no data.`
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    shapes: { type: 'boolean', default: false },
    data: { type: 'string' },
    events: { type: 'string' },
    kills: { type: 'string', default: '50' },
    'events-per-second': { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const options = {
  events: Number(values.events ?? 1_000_000),
  kills: Number(values.kills),
  eventsPerSecond: Number(values['events-per-second']),
  seed: Number(values.seed),
}
const areNumbers = Object.values(options).every((value) => Number.isSafeInteger(value) && value >= 0)
if (values.long === values.shapes || !areNumbers || (values.shapes && values.data === undefined)) {
  console.error(usage)
  process.exit(2)
}
const onProgress = (line: string): void => console.error(line)
process.exitCode =
  values.shapes && values.data !== undefined
    ? await runShapes({
        dataDir: values.data,
        ...(values.events !== undefined && { events: options.events }),
        json: values.json,
        print: (line) => console.log(line),
        onProgress,
      })
    : await reportLong()

async function reportLong(): Promise<number> {
  const report = await runLong({ ...options, onProgress })
  console.log(toTable(report))
  if (values.json) console.log(JSON.stringify({ resilience: report }))
  const { failed, inHand } = report.judged
  const mayBreakOff = (report.kills['recommendation'] ?? 0) * mostInHand
  return amissIn(report) + failed === 0 && inHand <= mayBreakOff ? 0 : 1
}

function toTable(of: LongRunReport): string {
  const longest = Math.max(0, ...of.behindSeconds)
  const rows: [string, string | number][] = [
    ['acknowledged', of.acknowledged],
    ['stored', of.stored],
    ['stored again', of.storedAgain],
    ['archived', of.archived],
    ['dead letters', of.deadLettered],
    ['**lost**', of.lost],
    ['**not archived**', of.unarchived],
    ...effectRows(of),
    ['kills', listed(of.kills)],
    ['seconds under load', Math.round(of.seconds)],
    ['events a second', Math.round(of.acknowledged / of.seconds)],
    ['calls with events made again, by status (0: no answer)', listed(of.repeatedCalls)],
    ['requests for recommendations, by status (0: no answer)', listed(of.recommendations)],
    ['of those broken off by a kill of their process', of.judged.inHand],
    ['of those while the one gateway was away', of.judged.withoutGateway],
    ['**recommendations failed for no such reason**', of.judged.failed],
    ['times that over a second of events waited', of.behindSeconds.length],
    ['longest of them, seconds', Math.round(longest)],
    ['seconds until all was applied, after the last event', Math.round(of.catchUpSeconds)],
  ]
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}

function effectRows({ effects }: LongRunReport): [string, number][] {
  return effectKinds.flatMap((kind): [string, number][] => [
    [`effects: ${kind}`, effects[kind].applied],
    [`**${kind}: not applied**`, effects[kind].unapplied],
    [`**${kind}: applied twice**`, effects[kind].appliedTwice],
  ])
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
