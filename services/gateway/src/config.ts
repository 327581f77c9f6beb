import type { ServiceName } from '@rapport/contracts'
import { Type, type Static } from 'typebox'

const urlsOf = (service: ServiceName) =>
  Type.Array(Type.String({ pattern: '^https?://[^/?#]+/?$' }), {
    minItems: 1,
    description: `Where the processes of the ${service} service are: their base URLs.`,
  })

/** Knobs of the gateway. */
export const GatewayConfigSchema = Type.Object({
  RAPPORT_INGESTION_URLS: urlsOf('ingestion'),
  RAPPORT_FEATURE_URLS: urlsOf('feature'),
  RAPPORT_RECOMMENDATION_URLS: urlsOf('recommendation'),
  RAPPORT_TEXT_CLASSIFICATION_URLS: urlsOf('text-classification'),
  RAPPORT_SENTIMENT_URLS: urlsOf('sentiment'),
  RAPPORT_CONTROL_URLS: urlsOf('control'),
  RAPPORT_GATEWAY_PROBE_MS: Type.Integer({
    default: 500,
    minimum: 10,
    maximum: 60_000,
    description: 'How often each process is asked whether it is ready.',
  }),
  RAPPORT_GATEWAY_TIMEOUT_SECONDS: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 3_600,
    description: 'How long a process may take to begin its answer, after the whole request; then the caller gets 504.',
  }),
  RAPPORT_GATEWAY_CONNECTIONS: Type.Integer({
    default: 256,
    minimum: 1,
    description: 'Connections to each process, at most.',
  }),
  RAPPORT_GATEWAY_HELD_BYTES: Type.Integer({
    default: 1024 ** 2,
    minimum: 0,
    description:
      'Bodies up to this length are held until they are sent, so that another process can take the call when the first cannot be reached; longer ones are streamed.',
  }),
})
export type GatewayConfig = Static<typeof GatewayConfigSchema>

/** Where each service's processes are. */
export const upstreamUrls = (config: GatewayConfig): Readonly<Record<ServiceName, readonly string[]>> => ({
  ingestion: config.RAPPORT_INGESTION_URLS,
  feature: config.RAPPORT_FEATURE_URLS,
  recommendation: config.RAPPORT_RECOMMENDATION_URLS,
  'text-classification': config.RAPPORT_TEXT_CLASSIFICATION_URLS,
  sentiment: config.RAPPORT_SENTIMENT_URLS,
  control: config.RAPPORT_CONTROL_URLS,
})
