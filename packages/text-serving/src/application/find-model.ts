import { starterTenant } from '@rapport/contracts'
import { ModelRefusedError, type ModelHost, type ModelLease } from '@rapport/model-store'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import type { TextProfile } from '../text-profile.ts'
import { modelRefused, modelTooLarge, modelUnavailable, noModel, noVersion } from '../errors.ts'

export type TextModelHost = Pick<ModelHost<ServedClassifier>, 'acquire' | 'tryAcquire' | 'acquireVersion' | 'absence'>

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

/**
 * A tenant's own model or, where it has none by the name that calls take by default, the release's starter model, lent to it.
 * @throws HttpError 404, 409 or 503, which says what is missing.
 */
export function findModel(source: ModelSource, wanted: WantedModel): Promise<ModelLease<ServedClassifier>> {
  const { tenant, model: name = source.profile.defaultModel, version } = wanted
  return version === undefined ? findChampion(source, tenant, name) : findVersion(source, { tenant, name, version })
}

async function findChampion(source: ModelSource, tenant: string, name: string): Promise<ModelLease<ServedClassifier>> {
  const { host, profile } = source
  const lease = (await findKnownStarter(source, tenant, name)) ?? (await host.acquire(tenant, name))
  if (lease !== undefined) return lease
  const absence = host.absence(tenant, name)
  if (absence === 'no alias') {
    const starter = await acquireStarter(source, tenant, name)
    if (starter !== undefined) return starter
    const ofStarter = name === profile.defaultModel ? host.absence(starterTenant, name) : absence
    // A starter that must not serve is as good as none: training helps.
    if (ofStarter === 'no alias' || ofStarter === 'refused') throw noModel(name, profile.trainCommand)
    throw ofStarter === 'memory budget' ? modelTooLarge(name) : modelUnavailable(name)
  }
  if (absence === 'memory budget') throw modelTooLarge(name)
  if (absence !== 'refused') throw modelUnavailable(name)
  throw modelRefused(`The champion of the model "${name}"`, 'it did not pass the checks of a text model')
}

/** A tenant that had no model a moment ago does not wait for the next look, which goes on behind the answer. */
async function findKnownStarter(
  source: ModelSource,
  tenant: string,
  name: string,
): Promise<ModelLease<ServedClassifier> | undefined> {
  if (source.host.absence(tenant, name) !== 'no alias') return undefined
  return source.host.tryAcquire(tenant, name) ?? acquireStarter(source, tenant, name)
}

async function acquireStarter(
  { host, profile }: ModelSource,
  tenant: string,
  name: string,
): Promise<ModelLease<ServedClassifier> | undefined> {
  if (name !== profile.defaultModel) return undefined
  const lease = await host.acquire(starterTenant, name)
  return lease && lendTo(tenant, lease)
}

/** The lease of a starter model as that of a model which counts what it says to this tenant. */
const lendTo = (tenant: string, lease: ModelLease<ServedClassifier>): ModelLease<ServedClassifier> => ({
  model: lease.model.lentTo(tenant),
  manifest: lease.manifest,
  revision: lease.revision,
  share: lease.share,
  [Symbol.dispose]: () => lease[Symbol.dispose](),
})

type PinnedVersion = { readonly tenant: string; readonly name: string; readonly version: string }

async function findVersion(source: ModelSource, ref: PinnedVersion): Promise<ModelLease<ServedClassifier>> {
  try {
    return await source.host.acquireVersion(ref)
  } catch (error) {
    if (!(error instanceof ModelRefusedError)) throw error
    const isStarters = error.reason === 'manifest missing' && ref.tenant !== starterTenant
    if (isStarters && ref.name === source.profile.defaultModel) {
      return lendTo(ref.tenant, await findVersion(source, { ...ref, tenant: starterTenant }))
    }
    if (error.reason === 'manifest missing') throw noVersion(ref.name, ref.version)
    if (error.reason === 'memory budget') throw modelTooLarge(ref.name, error)
    throw modelRefused(`Version "${ref.version}" of the model "${ref.name}"`, `it was refused for its ${error.reason}`)
  }
}
