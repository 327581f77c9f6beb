// Writes the tables of variables into the services' READMEs, from their schemas; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processSchema, renderConfigTable, serviceSchema } from '../packages/service-kit/src/index.ts'
import { AllInOneConfigSchema } from '../services/all-in-one/src/compose-services.ts'
import { ControlConfigSchema } from '../services/control/src/config.ts'
import { FeatureConfigSchema } from '../services/feature/src/config.ts'
import { GatewayConfigSchema } from '../services/gateway/src/config.ts'
import { IngestionConfigSchema } from '../services/ingestion/src/config.ts'
import { RecommendationConfigSchema } from '../services/recommendation/src/config.ts'
import { TrainingConfigSchema } from '../services/training/src/config.ts'

const schemas: Readonly<Record<string, Parameters<typeof renderConfigTable>[0]>> = {
  'all-in-one': AllInOneConfigSchema,
  control: serviceSchema(ControlConfigSchema),
  feature: serviceSchema(FeatureConfigSchema),
  gateway: processSchema(GatewayConfigSchema),
  ingestion: serviceSchema(IngestionConfigSchema),
  recommendation: serviceSchema(RecommendationConfigSchema),
  training: TrainingConfigSchema,
}
const region = /(<!-- variables -->\n)[\s\S]*?(<!-- end of variables -->)/
const isCheck = process.argv.includes('--check')

const stale: string[] = []
for (const [service, schema] of Object.entries(schemas)) {
  const path = join(import.meta.dirname, '..', 'services', service, 'README.md')
  const standing = readFileSync(path, 'utf8')
  if (!region.test(standing)) throw new Error(`${path} has no place for its table of variables`)
  const wanted = standing.replace(
    region,
    (_, start: string, end: string) => `${start}\n${renderConfigTable(schema)}\n${end}`,
  )
  if (wanted === standing) continue
  stale.push(`services/${service}/README.md`)
  if (!isCheck) writeFileSync(path, wanted)
}
if (stale.length > 0) console.log(`${isCheck ? 'not up to date' : 'written'}: ${stale.join(', ')}`)
process.exitCode = isCheck && stale.length > 0 ? 1 : 0
