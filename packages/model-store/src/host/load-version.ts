import type { ModelManifest } from '@rapport/contracts'
import { ModelRefusedError, type RefusalReason } from '../errors.ts'
import { describeVersion } from '../model-keys.ts'
import type { ModelStore } from '../model-store.ts'
import type { ModelLoader } from './model-loader.ts'

/** Runs one step of the loader; whatever it throws refuses the version. */
async function step<R>(reason: RefusalReason, manifest: ModelManifest, work: () => R | Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ModelRefusedError(reason, `${describeVersion(manifest)}: ${reason} failed: ${message}`, { cause: error })
  }
}

/**
 * Reads a version's files, compares their checksums, decodes, runs the self-check and warms up.
 * @throws ModelRefusedError; what was decoded before is disposed.
 */
export async function loadVersion<T>(store: ModelStore, manifest: ModelManifest, loader: ModelLoader<T>): Promise<T> {
  const files = await store.readFiles(manifest)
  const model = await step('decode', manifest, () => loader.decode(files, manifest))
  try {
    await step('self-check', manifest, () => {
      if (manifest.selfCheck === undefined) throw new Error('the manifest has none')
      return loader.selfCheck(model, manifest.selfCheck)
    })
    await step('warm-up', manifest, () => loader.warmUp?.(model))
  } catch (error) {
    loader.dispose?.(model)
    throw error
  }
  return model
}
