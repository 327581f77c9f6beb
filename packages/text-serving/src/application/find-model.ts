import { ModelRefusedError, type ModelHost, type ModelLease } from '@rapport/model-store'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { TextProfile } from '../text-profile.ts'
import { modelRefused, modelTooLarge, modelUnavailable, noModel, noVersion } from '../errors.ts'

export type TextModelHost = Pick<ModelHost<ServedClassifier>, 'acquire' | 'acquireVersion' | 'absence'>

/** The models in memory, and whose service they are of. */
export interface ModelSource {
  readonly host: TextModelHost
  readonly profile: Pick<TextProfile, 'defaultModel' | 'trainCommand'>
}

export interface WantedModel {
  readonly tenant: string
  readonly model?: string | undefined
  /** The champion when absent. */
  readonly version?: string | undefined
}

/** @throws HttpError 404, 409 or 503, which says what is missing. */
export function findModel(source: ModelSource, wanted: WantedModel): Promise<ModelLease<ServedClassifier>> {
  const { tenant, model: name = source.profile.defaultModel, version } = wanted
  return version === undefined
    ? findChampion(source, tenant, name)
    : findVersion(source.host, { tenant, name, version })
}

async function findChampion(
  { host, profile }: ModelSource,
  tenant: string,
  name: string,
): Promise<ModelLease<ServedClassifier>> {
  const lease = await host.acquire(tenant, name)
  if (lease !== undefined) return lease
  const absence = host.absence(tenant, name)
  if (absence === 'no alias') throw noModel(name, profile.trainCommand)
  if (absence === 'memory budget') throw modelTooLarge(name)
  if (absence !== 'refused') throw modelUnavailable(name)
  throw modelRefused(`The champion of the model "${name}"`, 'it did not pass the checks of a text model')
}

async function findVersion(
  host: TextModelHost,
  ref: { readonly tenant: string; readonly name: string; readonly version: string },
): Promise<ModelLease<ServedClassifier>> {
  try {
    return await host.acquireVersion(ref)
  } catch (error) {
    if (!(error instanceof ModelRefusedError)) throw error
    if (error.reason === 'manifest missing') throw noVersion(ref.name, ref.version)
    if (error.reason === 'memory budget') throw modelTooLarge(ref.name, error)
    throw modelRefused(`Version "${ref.version}" of the model "${ref.name}"`, `it was refused for its ${error.reason}`)
  }
}
