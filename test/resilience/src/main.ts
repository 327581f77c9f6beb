// `npm run resilience -- --long`: kills at random under load, for as long as it takes; the short forms run in `npm test`.
import { parseArgs } from 'node:util'
import { runLong, type LongRunReport } from './long-run.ts'

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '50' },
    'events-per-second': { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const options = {
  events: Number(values.events),
  kills: Number(values.kills),
  eventsPerSecond: Number(values['events-per-second']),
  seed: Number(values.seed),
}
if (!values.long || !Object.values(options).every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error(
    'Usage: npm run resilience -- --long [--events N] [--kills N] [--events-per-second N] [--seed N] [--json]',
  )
  process.exit(2)
}
const report = await runLong({ ...options, onProgress: (line) => console.error(line) })
console.log(toTable(report))
if (values.json) console.log(JSON.stringify({ resilience: report }))
const isSound = report.lost + report.unarchived + report.unapplied + report.appliedTwice + report.deadLettered === 0
process.exitCode = isSound ? 0 : 1

function toTable(of: LongRunReport): string {
  const longest = Math.max(0, ...of.behindSeconds)
  const rows: [string, string | number][] = [
    ['acknowledged', of.acknowledged],
    ['stored', of.stored],
    ['stored again', of.storedAgain],
    ['archived', of.archived],
    ['applied', of.applied],
    ['dead letters', of.deadLettered],
    ['**lost**', of.lost],
    ['**not archived**', of.unarchived],
    ['**not applied**', of.unapplied],
    ['**applied twice**', of.appliedTwice],
    ['kills', listed(of.kills)],
    ['seconds under load', Math.round(of.seconds)],
    ['events a second', Math.round(of.acknowledged / of.seconds)],
    ['calls with events made again, by status (0: no answer)', listed(of.repeatedCalls)],
    ['requests for recommendations, by status (0: no answer)', listed(of.recommendations)],
    ['times that over a second of events waited', of.behindSeconds.length],
    ['longest of them, seconds', Math.round(longest)],
    ['seconds until all was applied, after the last event', Math.round(of.catchUpSeconds)],
  ]
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
