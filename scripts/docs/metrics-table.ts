import { readConfig, serveService, type ServiceDependencies } from '../../packages/service-kit/src/index.ts'
import { createTestPlatform } from '../../packages/service-kit/src/testing.ts'
import type { Service } from '../../packages/service-kit/src/service.ts'
import { AllInOneConfigSchema, type AllInOneConfig } from '../../services/all-in-one/src/compose-services.ts'
import { createControlService, toControlConfig } from '../../services/control/src/index.ts'
import { createFeatureService, toFeatureConfig } from '../../services/feature/src/index.ts'
import { GatewayConfigSchema } from '../../services/gateway/src/config.ts'
import { createGateway } from '../../services/gateway/src/gateway.ts'
import { createIngestionService, toIngestionConfig } from '../../services/ingestion/src/index.ts'
import { createRecommendationService, toRecommendationConfig } from '../../services/recommendation/src/index.ts'
import { createSentimentService, toSentimentConfig } from '../../services/sentiment/src/index.ts'
import {
  createTextClassificationService,
  toTextClassificationConfig,
} from '../../services/text-classification/src/index.ts'

type Create = (config: AllInOneConfig, dependencies: ServiceDependencies) => Promise<Service>

const services: Readonly<Record<string, Create>> = {
  control: (config, dependencies) => createControlService(toControlConfig(config), dependencies),
  feature: (config, dependencies) => createFeatureService(toFeatureConfig(config), dependencies),
  ingestion: (config, dependencies) => createIngestionService(toIngestionConfig(config), dependencies),
  recommendation: (config, dependencies) => createRecommendationService(toRecommendationConfig(config), dependencies),
  sentiment: (config, dependencies) => createSentimentService(toSentimentConfig(config), dependencies),
  'text-classification': (config, dependencies) =>
    createTextClassificationService(toTextClassificationConfig(config), dependencies),
}

interface Metric {
  readonly name: string
  readonly type: string
  readonly labels: readonly string[]
  readonly help: string
}

/** The metrics of a registry whose names begin with `rapport_`. */
function readMetrics(registry: ServiceDependencies['metrics']): Metric[] {
  const own = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('rapport_'))
  return own.map((metric) => {
    // Every metric of prom-client has them; the types say so of its classes' options alone.
    const { labelNames } = metric as typeof metric & { readonly labelNames: readonly string[] }
    return { name: metric.name, type: String(metric.type), labels: labelNames, help: metric.help }
  })
}

/** What a service's process exports: one is run on embedded storage. */
async function metricsOfService(name: string, create: Create): Promise<Metric[]> {
  await using platform = await createTestPlatform()
  const { log, metrics } = platform.dependencies
  const config = readConfig(AllInOneConfigSchema, { RAPPORT_DATA_DIR: platform.dataDir })
  await using _server = await serveService(platform.drivers, {
    name,
    version: '0.0.0',
    config,
    log,
    metrics,
    create: (dependencies) => create(config, dependencies),
  })
  return readMetrics(metrics)
}

async function metricsOfGateway(): Promise<Metric[]> {
  await using platform = await createTestPlatform()
  const { log, metrics } = platform.dependencies
  const names = Object.keys(services).map((name) => `RAPPORT_${name.toUpperCase().replaceAll('-', '_')}_URLS`)
  const nowhere = Object.fromEntries(names.map((name) => [name, 'http://127.0.0.1:9']))
  const config = readConfig(GatewayConfigSchema, nowhere)
  await using _server = await createGateway(config, { log, metrics, version: '0.0.0', stopMs: 0 })
  return readMetrics(metrics)
}

function exportersText(exporters: readonly string[]): string {
  if (!Object.keys(services).every((name) => exporters.includes(name))) return exporters.join(', ')
  return exporters.includes('gateway') ? 'all' : 'all but the gateway'
}

/** Every metric of the platform's processes as a Markdown table. */
export async function metricsTable(): Promise<string> {
  const metrics = new Map<string, Metric>()
  const exporters = new Map<string, string[]>()
  const add = (process: string, found: readonly Metric[]): void => {
    for (const metric of found) {
      metrics.set(metric.name, metric)
      exporters.set(metric.name, [...(exporters.get(metric.name) ?? []), process])
    }
  }
  for (const [name, create] of Object.entries(services)) add(name, await metricsOfService(name, create))
  add('gateway', await metricsOfGateway())
  const rows = [...metrics.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return [
    '| metric | type | labels | of | what it is |',
    '|---|---|---|---|---|',
    ...rows.map(({ name, type, labels, help }) => {
      const of = exportersText(exporters.get(name) ?? [])
      return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${of} | ${help} |`
    }),
    '',
  ].join('\n')
}
