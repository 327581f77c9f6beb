import { defaultTextModelName } from '@rapport/contracts'
import { ModelRefusedError, type ModelHost, type ModelLease } from '@rapport/model-store'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { modelRefused, modelUnavailable, noModel, noVersion } from '../errors.ts'

export type TextModelHost = Pick<ModelHost<ServedClassifier>, 'acquire' | 'acquireVersion' | 'absence'>

export interface WantedModel {
  readonly tenant: string
  readonly model?: string | undefined
  /** The champion when absent. */
  readonly version?: string | undefined
}

/** @throws HttpError 404, 409 or 503, which says what is missing. */
export function findModel(host: TextModelHost, wanted: WantedModel): Promise<ModelLease<ServedClassifier>> {
  const { tenant, model: name = defaultTextModelName, version } = wanted
  return version === undefined ? findChampion(host, tenant, name) : findVersion(host, { tenant, name, version })
}

async function findChampion(host: TextModelHost, tenant: string, name: string): Promise<ModelLease<ServedClassifier>> {
  const lease = await host.acquire(tenant, name)
  if (lease !== undefined) return lease
  const absence = host.absence(tenant, name)
  if (absence === 'no alias') throw noModel(name)
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
    if (error.reason === 'memory budget') throw modelUnavailable(ref.name, error)
    throw modelRefused(`Version "${ref.version}" of the model "${ref.name}"`, `it was refused for its ${error.reason}`)
  }
}
