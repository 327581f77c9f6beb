import { createHash } from 'node:crypto'
import { type ModelManifest, ModelManifestSchema } from '@rapport/contracts'
import { ObjectStoreError, readJsonRecord, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { ModelRefusedError } from './errors.ts'
import { checkVersionRef, describeVersion, manifestKey, type VersionRef, versionPrefix } from './model-keys.ts'

const manifestCheck = Compile(ModelManifestSchema)

/** A model version whose every file is what its manifest says. */
export interface VerifiedVersion {
  readonly manifest: ModelManifest
  /** By the path in the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * Reads a manifest and checks that it is one, and this version's.
 * @throws ModelRefusedError `manifest missing`, `manifest invalid` or `wrong tenant`
 */
export async function readManifest(store: ObjectStore, ref: VersionRef): Promise<ModelManifest> {
  checkVersionRef(ref)
  const read = (content: unknown): ModelManifest => checkManifest(content, ref)
  const found = await readJsonRecord(store, { key: manifestKey(ref), read })
  if (found === undefined) throw new ModelRefusedError('manifest missing', `${describeVersion(ref)} has no manifest`)
  return found.record
}

function checkManifest(value: unknown, ref: VersionRef): ModelManifest {
  const named = describeVersion(ref)
  if (!manifestCheck.Check(value)) {
    const [problem] = manifestCheck.Errors(value)
    const where = problem === undefined ? 'it' : `${problem.instancePath || 'it'} ${problem.message}`
    throw new ModelRefusedError('manifest invalid', `the manifest of ${named} is not valid: ${where}`)
  }
  if (value.tenant !== ref.tenant) {
    throw new ModelRefusedError('wrong tenant', `the manifest of ${named} names the tenant ${value.tenant}`)
  }
  if (value.name !== ref.name || value.version !== ref.version) {
    throw new ModelRefusedError('manifest invalid', `the manifest of ${named} names ${describeVersion(value)}`)
  }
  if (new Set(value.files.map((file) => file.path)).size !== value.files.length) {
    throw new ModelRefusedError('manifest invalid', `the manifest of ${named} names a file twice`)
  }
  const stray = value.files.find((file) => file.path.split('/').some((part) => ['', '.', '..'].includes(part)))
  if (stray !== undefined) {
    throw new ModelRefusedError('manifest invalid', `the manifest of ${named} names the file ${stray.path}`)
  }
  return value
}

/**
 * Reads every file of a manifest and compares size and SHA-256.
 * @throws ModelRefusedError `file missing`, `file size` or `file checksum`
 */
export async function readVerifiedFiles(
  store: ObjectStore,
  manifest: ModelManifest,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const { path, bytes, sha256 } of manifest.files) {
    const named = `${path} of ${describeVersion(manifest)}`
    const found = await readFile(store, versionPrefix(manifest) + path, named)
    if (found === undefined) throw new ModelRefusedError('file missing', `${named} is missing`)
    if (found.body.byteLength !== bytes) {
      throw new ModelRefusedError(
        'file size',
        `${named} has ${found.body.byteLength} bytes, the manifest says ${bytes}`,
      )
    }
    if (createHash('sha256').update(found.body).digest('hex') !== sha256) {
      throw new ModelRefusedError('file checksum', `${named} is not the file whose SHA-256 is in the manifest`)
    }
    files.set(path, found.body)
  }
  return files
}

async function readFile(store: ObjectStore, key: string, named: string): ReturnType<ObjectStore['get']> {
  try {
    return await store.get(key)
  } catch (cause) {
    if (!(cause instanceof ObjectStoreError) || cause.code !== 'RPT_OBJECT_CORRUPT') throw cause
    throw new ModelRefusedError('file checksum', `${named} is not what was stored`, { cause })
  }
}
