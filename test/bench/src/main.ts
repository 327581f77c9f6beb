// npm run bench -- ingest|recommend|features|text|sentiment|train|deep|freshness|idle [--json] [--data DIR]
// npm run bench -- memory [--minutes N] [--json]
// npm run bench -- ingest --kafka | ingest --traced | recommend --redis | features --redis [--json]
import { parseArgs } from 'node:util'
import { benchDeep } from './cases/deep.ts'
import { benchFeatures, benchFeaturesOnRedis } from './cases/features.ts'
import { benchFreshness } from './cases/freshness.ts'
import { benchIdle } from './cases/idle.ts'
import { benchIngest } from './cases/ingest.ts'
import { benchIngestOnKafka } from './cases/ingest-kafka.ts'
import { benchIngestTraced } from './cases/ingest-traced.ts'
import { benchMemory } from './cases/memory.ts'
import { benchRecommend, benchRecommendOnRedis } from './cases/recommend.ts'
import { benchSentiment, benchText } from './cases/text.ts'
import { benchTrain } from './cases/train.ts'
import type { Report } from './harness/report.ts'
import { printReport } from './harness/report.ts'

const benches: Readonly<
  Record<string, (options: { dataDir: string | undefined; minutes: number }) => Promise<Report>>
> = {
  ingest: benchIngest,
  'ingest --kafka': benchIngestOnKafka,
  'ingest --traced': benchIngestTraced,
  recommend: benchRecommend,
  'recommend --redis': benchRecommendOnRedis,
  features: benchFeatures,
  'features --redis': benchFeaturesOnRedis,
  text: benchText,
  sentiment: benchSentiment,
  train: benchTrain,
  deep: benchDeep,
  freshness: benchFreshness,
  idle: benchIdle,
  memory: benchMemory,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    data: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    kafka: { type: 'boolean', default: false },
    redis: { type: 'boolean', default: false },
    traced: { type: 'boolean', default: false },
  },
})
const kinds = (['kafka', 'redis', 'traced'] as const).filter((kind) => values[kind]).map((kind) => ` --${kind}`)
const bench = benches[`${positionals[0]}${kinds.join('')}`]
const minutes = Number(values.minutes)
if (bench === undefined || positionals.length > 1 || !(minutes > 0)) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join(' | ')}  [--json] [--data DIR] [--minutes N]`)
  process.exitCode = 2
} else {
  printReport(await bench({ dataDir: values.data ?? process.env['RAPPORT_QUALITY_DATA'], minutes }), values.json)
}
