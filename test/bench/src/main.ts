// npm run bench -- ingest|recommend|train|freshness|idle [--json] [--data DIR]
import { parseArgs } from 'node:util'
import { benchFreshness } from './cases/freshness.ts'
import { benchIdle } from './cases/idle.ts'
import { benchIngest } from './cases/ingest.ts'
import { benchRecommend } from './cases/recommend.ts'
import { benchTrain } from './cases/train.ts'
import type { Report } from './harness/report.ts'
import { printReport } from './harness/report.ts'

const benches: Readonly<Record<string, (options: { dataDir: string | undefined }) => Promise<Report>>> = {
  ingest: benchIngest,
  recommend: benchRecommend,
  train: benchTrain,
  freshness: benchFreshness,
  idle: benchIdle,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, data: { type: 'string' } },
})
const bench = benches[positionals[0] ?? '']
if (bench === undefined || positionals.length > 1) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--data DIR]`)
  process.exitCode = 2
} else {
  printReport(await bench({ dataDir: values.data ?? process.env['RAPPORT_QUALITY_DATA'] }), values.json)
}
