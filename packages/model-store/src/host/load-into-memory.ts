import type { Alias, ModelManifest } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import { ModelRefusedError } from '../errors.ts'
import { describeVersion, type VersionRef } from '../model-keys.ts'
import type { ModelStore } from '../model-store.ts'
import { loadVersion } from './load-version.ts'
import { LoadedModel } from './loaded-model.ts'
import type { Footprint, MemoryBudget } from './memory-budget.ts'
import { fileBytes, type ModelLoader } from './model-loader.ts'
import type { Refusals } from './refusals.ts'

/** What all that holds models of one host shares. */
export interface HostContext<T> {
  readonly store: ModelStore
  readonly loader: ModelLoader<T>
  readonly alias: Alias
  /** Between two looks on behalf of requests while nothing serves. */
  readonly pauseBetweenLooksMs: number
  readonly budget: MemoryBudget
  readonly refusals: Refusals
  readonly clock: Clock
  readonly log: Log
  /** Takes memory at the cost of other models, but never of the one that `spared` has in memory. */
  readonly reserve: (wanted: Footprint, spared?: object) => Promise<boolean>
  /** The model of a pinned version, which is the caller's from now on; undefined when it is not in memory. */
  readonly adopt: (ref: VersionRef) => LoadedModel<T> | undefined
  readonly counts: { loads: number; swaps: number; evictions: number; readFailures: number }
  readonly nextUse: () => number
}

export interface LoadTerms {
  /** Of the alias under which the version serves; 0 when it is pinned. */
  readonly revision: number
  /** Whose model is not given up for this one. */
  readonly spared?: object
}

/**
 * Loads a version within the host's memory budget. The model is its caller's to retire.
 * @throws ModelRefusedError; nothing is held then.
 */
export async function loadIntoMemory<T>(
  { store, loader, budget, counts, log, nextUse, reserve }: HostContext<T>,
  manifest: ModelManifest,
  { revision, spared }: LoadTerms,
): Promise<LoadedModel<T>> {
  const named = describeVersion(manifest)
  if (loader.tasks?.includes(manifest.task) === false) {
    throw new ModelRefusedError('task', `${named} is of the task ${manifest.task}, not ${loader.tasks.join(' or ')}`)
  }
  const bytes = loader.estimateBytes?.(manifest) ?? fileBytes(manifest)
  const shared = loader.shared?.(manifest)
  const footprint: Footprint = { bytes, shared }
  if (!(await reserve(footprint, spared))) {
    const sharing = shared === undefined ? '' : ` with ${shared.bytes} that it shares`
    const room = `${bytes} bytes of its own${sharing} do not fit beside ${budget.usedBytes} of ${budget.totalBytes}`
    throw new ModelRefusedError('memory budget', `${named}: ${room}`)
  }
  let model: T
  try {
    model = await loadVersion(store, manifest, loader)
  } catch (error) {
    budget.release(footprint)
    throw error
  }
  const loaded = new LoadedModel({ model, manifest, revision, footprint }, () => {
    loader.dispose?.(model)
    budget.release(footprint)
  })
  loaded.lastUsed = nextUse()
  counts.loads += 1
  const { tenant, name: modelName, version } = manifest
  const ofMemory = { bytes, sharedBytes: shared?.bytes }
  log.info({ tenant, model: modelName, version, revision, ...ofMemory }, 'model version serves')
  return loaded
}
