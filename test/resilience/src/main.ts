// `npm run resilience -- --long`: kills at random under load, for as long as it takes; the short forms run in `npm test`.
import { parseArgs } from 'node:util'
import { runLong } from './long-run.ts'

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
})
const [events, kills] = [Number(values.events), Number(values.kills)]
if (!values.long || !Number.isSafeInteger(events) || !Number.isSafeInteger(kills)) {
  console.error('Usage: npm run resilience -- --long [--events N] [--kills N] [--json]')
  process.exit(2)
}
const report = await runLong({ events, kills, onProgress: (line) => console.error(line) })
const rows: [string, string | number][] = [
  ['acknowledged', report.acknowledged],
  ['stored', report.stored],
  ['stored again', report.storedAgain],
  ['archived', report.archived],
  ['applied', report.applied],
  ['dead letters', report.deadLettered],
  ['**lost**', report.lost],
  ['**not archived**', report.unarchived],
  ['**not applied**', report.unapplied],
  ['**applied twice**', report.appliedTwice],
  ['seconds under load', Math.round(report.seconds)],
  [
    'kills',
    Object.entries(report.kills)
      .map(([service, count]) => `${service} ${count}`)
      .join(', '),
  ],
  [
    'calls made again',
    Object.entries(report.repeatedCalls)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
  ],
  ['seconds until all was applied', Math.round(report.catchUpSeconds)],
]
console.log(['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n'))
if (values.json) console.log(JSON.stringify({ resilience: report }))
const isSound = report.lost + report.unarchived + report.unapplied + report.appliedTwice === 0
process.exitCode = isSound ? 0 : 1
