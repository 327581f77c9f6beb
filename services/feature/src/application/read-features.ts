import type { FeaturesRequest } from '@rapport/contracts'
import { readFeatureName, type Feature, type FeatureReader, type FeatureStatus } from '@rapport/features'
import { HttpError, type ErrorDetail } from '@rapport/service-kit'

export interface FeaturesAnswer {
  readonly asOf: string
  readonly entities: {
    readonly kind: 'user' | 'anonymous' | 'item'
    readonly id: string
    readonly features: Record<string, { value: unknown; eventTime: string | null; status: FeatureStatus }>
  }[]
}

/** Answers `POST /v1/features`. @throws HttpError 400 naming every feature that does not exist. */
export async function readFeatures(
  reader: FeatureReader,
  request: FeaturesRequest,
  { tenant, nowMs }: { readonly tenant: string; readonly nowMs: number },
): Promise<FeaturesAnswer> {
  const features = readNames(request.features)
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

function readNames(names: readonly string[]): readonly Feature[] {
  const details: ErrorDetail[] = []
  const features: Feature[] = []
  for (const [index, name] of names.entries()) {
    const feature = readFeatureName(name)
    if (feature === undefined)
      details.push({ field: `features.${index}`, reason: `is no feature: ${JSON.stringify(name)}` })
    else features.push(feature)
  }
  if (details.length === 0) return features
  throw new HttpError(400, 'RPT_FEATURE_UNKNOWN', 'Some of the features do not exist.', details)
}
