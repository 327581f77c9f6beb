import type { FeaturesRequest } from '@rapport/contracts'
import { readFeatureName, type Feature, type FeatureReader } from '@rapport/features'
import { renderFeatures } from '../domain/render-features.ts'

/** The JSON body of the answer to `POST /v1/features`, in parts; the request has passed its schema, which knows every feature's name. */
export async function readFeatures(
  reader: FeatureReader,
  request: FeaturesRequest,
  { tenant, nowMs }: { readonly tenant: string; readonly nowMs: number },
): Promise<readonly string[]> {
  const { entities } = request
  const names = [...new Set(request.features)]
  const features = names.map(readName)
  const asOfMs = request.asOf === undefined ? nowMs : Date.parse(request.asOf)
  const maxAge = request.maxAgeSeconds === undefined ? {} : { maxAgeMs: request.maxAgeSeconds * 1000 }
  const values = await reader({ tenant, entities, features, asOfMs, ...maxAge })
  return renderFeatures({ asOfMs, entities, names, values })
}

function readName(name: string): Feature {
  const feature = readFeatureName(name)
  if (feature === undefined) throw new Error(`The schema of the request let ${JSON.stringify(name)} through.`)
  return feature
}
