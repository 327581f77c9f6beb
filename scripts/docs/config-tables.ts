import { processSchema, renderConfigTable, serviceSchema } from '../../packages/service-kit/src/index.ts'
import { AllInOneConfigSchema } from '../../services/all-in-one/src/compose-services.ts'
import { ControlConfigSchema } from '../../services/control/src/config.ts'
import { FeatureConfigSchema } from '../../services/feature/src/config.ts'
import { GatewayConfigSchema } from '../../services/gateway/src/config.ts'
import { IngestionConfigSchema } from '../../services/ingestion/src/config.ts'
import { RecommendationConfigSchema } from '../../services/recommendation/src/config.ts'
import { SentimentConfigSchema } from '../../services/sentiment/src/config.ts'
import { TextClassificationConfigSchema } from '../../services/text-classification/src/config.ts'
import { TrainingConfigSchema } from '../../services/training/src/config.ts'

/** The variables of each program's process. */
export const configSchemas: Readonly<Record<string, Parameters<typeof renderConfigTable>[0]>> = {
  'all-in-one': AllInOneConfigSchema,
  control: serviceSchema(ControlConfigSchema),
  feature: serviceSchema(FeatureConfigSchema),
  gateway: processSchema(GatewayConfigSchema),
  ingestion: serviceSchema(IngestionConfigSchema),
  recommendation: serviceSchema(RecommendationConfigSchema),
  sentiment: serviceSchema(SentimentConfigSchema),
  'text-classification': serviceSchema(TextClassificationConfigSchema),
  training: TrainingConfigSchema,
}

/** The table of variables of each service, by the path of its README. */
export const configTables: ReadonlyMap<string, string> = new Map(
  Object.entries(configSchemas).map(([service, schema]) => [
    `services/${service}/README.md`,
    renderConfigTable(schema),
  ]),
)
