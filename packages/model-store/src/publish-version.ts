import { createHash, randomBytes } from 'node:crypto'
import { ModelFileSchema, type ModelManifest } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import { type ObjectStore, toJsonBytes } from '@rapport/object-store'
import { Value } from 'typebox/value'
import { ModelStoreError } from './errors.ts'
import { checkVersionRef, describeVersion, manifestFile, manifestKey, versionPrefix } from './model-keys.ts'

/** A manifest without what publishing fills in. */
export interface ModelPublication extends Omit<ModelManifest, 'version' | 'createdAt' | 'files'> {
  /** Made from the time and random characters when absent. */
  readonly version?: string
  /** By path, relative to the version's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** A name that sorts by time. */
export const newVersion = (nowMs: number): string => {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${randomBytes(4).toString('hex')}`
}

const sha256Of = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex')

/**
 * Writes the files and then, as the last thing, the manifest: a version is there whole or not at all, and is never replaced.
 * @throws ModelStoreError `RPT_MODEL_VERSION_EXISTS`, `RPT_MODEL_FILE_PATH` or `RPT_MODEL_NAME`
 */
export async function publishVersion(
  store: ObjectStore,
  publication: ModelPublication & { readonly version: string },
  clock: Clock,
): Promise<ModelManifest> {
  const { files, version, ...description } = publication
  const described = [...files].map(([path, body]) => ({ path, bytes: body.byteLength, sha256: sha256Of(body) }))
  const manifest: ModelManifest = {
    ...description,
    version,
    createdAt: new Date(clock.now()).toISOString(),
    files: described,
  }
  checkVersionRef(manifest)
  const exists = new ModelStoreError('RPT_MODEL_VERSION_EXISTS', `${describeVersion(manifest)} exists already`)
  if ((await store.head(manifestKey(manifest))) !== undefined) throw exists
  for (const file of described) {
    if (!Value.Check(ModelFileSchema, file) || file.path === manifestFile) {
      throw new ModelStoreError(
        'RPT_MODEL_FILE_PATH',
        `${JSON.stringify(file.path)} cannot be the path of a model file`,
      )
    }
    const key = versionPrefix(manifest) + file.path
    const outcome = await store.put(key, files.get(file.path) ?? new Uint8Array(), { ifAbsent: true })
    // A publication that was interrupted may be repeated: what it has left is kept when it is the same file.
    const standing = outcome.stored ? undefined : await store.get(key)
    if (!outcome.stored && (standing === undefined || sha256Of(standing.body) !== file.sha256)) throw exists
  }
  const outcome = await store.put(manifestKey(manifest), toJsonBytes(manifest), { ifAbsent: true })
  if (!outcome.stored) throw exists
  return manifest
}
