import type { FeaturesRequest } from '@rapport/contracts'
import { readFeatureName, type Feature, type FeatureReader, type FeatureStatus } from '@rapport/features'

export interface FeaturesAnswer {
  readonly asOf: string
  readonly entities: {
    readonly kind: 'user' | 'anonymous' | 'item'
    readonly id: string
    readonly features: Record<string, { value: unknown; eventTime: string | null; status: FeatureStatus }>
  }[]
}

/** Answers `POST /v1/features`; the request has passed its schema, which knows every feature's name. */
export async function readFeatures(
  reader: FeatureReader,
  request: FeaturesRequest,
  { tenant, nowMs }: { readonly tenant: string; readonly nowMs: number },
): Promise<FeaturesAnswer> {
  const features = request.features.map(readName)
  const asOfMs = request.asOf === undefined ? nowMs : Date.parse(request.asOf)
  const maxAge = request.maxAgeSeconds === undefined ? {} : { maxAgeMs: request.maxAgeSeconds * 1000 }
  const values = await reader({ tenant, entities: request.entities, features, asOfMs, ...maxAge })
  return {
    asOf: new Date(asOfMs).toISOString(),
    entities: request.entities.map(({ kind, id }, row) => ({
      kind,
      id,
      features: Object.fromEntries(
        request.features.map((name, column) => {
          const { value = null, eventMs, status = 'missing' } = values[row]?.[column] ?? {}
          const eventTime = eventMs === undefined ? null : new Date(eventMs).toISOString()
          return [name, { value, eventTime, status }]
        }),
      ),
    })),
  }
}

function readName(name: string): Feature {
  const feature = readFeatureName(name)
  if (feature === undefined) throw new Error(`The schema of the request let ${JSON.stringify(name)} through.`)
  return feature
}
