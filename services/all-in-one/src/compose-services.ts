import { createControlService, ControlConfigSchema, toControlConfig } from '@rapport/control'
import { createFeatureService, FeatureConfigSchema, toFeatureConfig } from '@rapport/feature'
import { createIngestionService, IngestionConfigSchema, toIngestionConfig } from '@rapport/ingestion'
import {
  createRecommendationService,
  RecommendationConfigSchema,
  toRecommendationConfig,
} from '@rapport/recommendation'
import { createSentimentService, SentimentConfigSchema, toSentimentConfig } from '@rapport/sentiment'
import type { Service, ServiceDependencies } from '@rapport/service-kit'
import { PlatformConfigSchema } from '@rapport/service-kit'
import {
  createTextClassificationService,
  TextClassificationConfigSchema,
  toTextClassificationConfig,
} from '@rapport/text-classification'
import { Type, type Static } from 'typebox'

/** Every variable of the platform in one process. */
export const AllInOneConfigSchema = Type.Object({
  ...PlatformConfigSchema.properties,
  ...IngestionConfigSchema.properties,
  ...FeatureConfigSchema.properties,
  ...RecommendationConfigSchema.properties,
  ...TextClassificationConfigSchema.properties,
  ...SentimentConfigSchema.properties,
  ...ControlConfigSchema.properties,
})
export type AllInOneConfig = Static<typeof AllInOneConfigSchema>

/** Every service, composed and not running; disposing of the list stops them. */
export async function composeServices(
  config: AllInOneConfig,
  dependencies: ServiceDependencies,
): Promise<{ readonly services: readonly Service[] } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const services = [
    stack.use(await createIngestionService(toIngestionConfig(config), named('ingestion', dependencies))),
    stack.use(await createFeatureService(toFeatureConfig(config), named('feature', dependencies))),
    stack.use(await createRecommendationService(toRecommendationConfig(config), named('recommendation', dependencies))),
    stack.use(
      await createTextClassificationService(
        toTextClassificationConfig(config),
        named('text-classification', dependencies),
      ),
    ),
    stack.use(await createSentimentService(toSentimentConfig(config), named('sentiment', dependencies))),
    stack.use(await createControlService(toControlConfig(config), named('control', dependencies))),
  ]
  const owned = stack.move()
  return { services, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const named = (service: string, dependencies: ServiceDependencies): ServiceDependencies => ({
  ...dependencies,
  log: dependencies.log.child({ service }),
})
