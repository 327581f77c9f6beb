import { type Alias, aliases, type ModelAlias, type ModelAliasChange, type ModelManifest } from '@rapport/contracts'
import { type Clock, type Log, systemClock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { ModelRefusedError, ModelStoreError } from './errors.ts'
import { type AliasMove, moveAlias, promoteTo, readAlias, rollBackTo } from './move-alias.ts'
import {
  type AliasRef,
  checkModelRef,
  manifestFile,
  type ModelRef,
  tenantPrefix,
  type VersionRef,
  versionsPrefix,
} from './model-keys.ts'
import { pruneVersions, type PruneOptions, type PruneReport } from './prune-versions.ts'
import { type ModelPublication, newVersion, publishVersion } from './publish-version.ts'
import { readManifest, readVerifiedFiles, type VerifiedVersion } from './read-version.ts'
import { whileHeld } from './version-holds.ts'

export interface ModelStoreOptions {
  readonly log: Log
  readonly clock?: Clock
  /** Called after an alias has moved, to tell the serving processes at once. A failure is logged: they also poll. */
  readonly announce?: (change: ModelAliasChange) => Promise<void>
}

export interface PromoteOptions {
  /** The revision that must stand now; 0 for "no alias yet". */
  readonly ifRevision?: number
}

/** Model versions and aliases of all tenants (DESIGN.md §5). */
export interface ModelStore {
  /** @throws ModelStoreError `RPT_MODEL_VERSION_EXISTS`: a version is never replaced. */
  publish(publication: ModelPublication): Promise<ModelManifest>
  /** @throws ModelRefusedError when the manifest is missing, is not valid or belongs elsewhere. */
  readManifest(ref: VersionRef): Promise<ModelManifest>
  /** Every file, compared with the manifest. @throws ModelRefusedError naming the file and what is wrong. */
  readFiles(manifest: ModelManifest): Promise<ReadonlyMap<string, Uint8Array>>
  /** Manifest and files. @throws ModelRefusedError */
  readVersion(ref: VersionRef): Promise<VerifiedVersion>
  /** Names of a tenant's models, ascending. */
  listModels(tenant: string): Promise<readonly string[]>
  /** Manifests of the published versions, newest first; those that are not valid are left out and logged. */
  listVersions(ref: ModelRef): Promise<readonly ModelManifest[]>
  readAlias(ref: AliasRef): Promise<ModelAlias | undefined>
  listAliases(ref: ModelRef): Promise<ReadonlyMap<Alias, ModelAlias>>
  /** Points an alias at a version that exists. @throws ModelRefusedError, AliasConflictError */
  promote(ref: AliasRef, version: string, options?: PromoteOptions & { readonly share?: number }): Promise<ModelAlias>
  /** Points an alias back at `version`, or at the one it named before. The revision grows. @throws ModelStoreError `RPT_MODEL_NO_ROLLBACK` */
  rollback(ref: AliasRef, options?: PromoteOptions & { readonly version?: string }): Promise<ModelAlias>
  /**
   * Removes old versions and what interrupted publications have left. Kept is what any alias names or can be rolled back to,
   * the newest versions beside those, and everything younger than a day. A process that has loaded a version keeps serving it.
   */
  prune(ref: ModelRef, options: PruneOptions): Promise<PruneReport>
}

/** Keeps model versions and aliases in an object store. */
export function createModelStore(objects: ObjectStore, options: ModelStoreOptions): ModelStore {
  const { log, announce } = options
  const clock = options.clock ?? systemClock

  async function move(ref: AliasRef, how: Omit<AliasMove, 'clock'>): Promise<ModelAlias> {
    const { alias, isChanged } = await moveAlias(objects, ref, { ...how, clock })
    if (!isChanged) return alias
    const change: ModelAliasChange = { ...ref, version: alias.version, revision: alias.revision }
    log.info(change, 'model alias moved')
    await announce?.(change).catch((error: unknown) => log.warn({ ...change, err: error }, 'alias was not announced'))
    return alias
  }

  /** Points an alias at a version that is there and stays there. */
  const nameVersion = (ref: AliasRef, version: string, how: Omit<AliasMove, 'clock'>): Promise<ModelAlias> => {
    const named = { tenant: ref.tenant, name: ref.name, version }
    const work = async (): Promise<ModelAlias> => {
      await readManifest(objects, named)
      return move(ref, how)
    }
    const refusal = (message: string) => new ModelRefusedError('manifest missing', message)
    return whileHeld(objects, named, work, { log, refusal })
  }

  return {
    publish(publication) {
      const { version = newVersion(clock.now()) } = publication
      const work = (): Promise<ModelManifest> => publishVersion(objects, { ...publication, version }, clock)
      const refusal = (message: string) => new ModelStoreError('RPT_MODEL_VERSION_EXISTS', message)
      return whileHeld(objects, { ...publication, version }, work, { log, refusal })
    },
    readManifest: (ref) => readManifest(objects, ref),
    readFiles: (manifest) => readVerifiedFiles(objects, manifest),
    async readVersion(ref) {
      const manifest = await readManifest(objects, ref)
      return { manifest, files: await readVerifiedFiles(objects, manifest) }
    },
    listModels: (tenant) => listModels(objects, tenant),
    listVersions: (ref) => listVersions(objects, ref, log),
    readAlias: (ref) => readAlias(objects, ref),
    async listAliases(ref) {
      const found = await Promise.all(aliases.map((alias) => readAlias(objects, { ...ref, alias })))
      return new Map(aliases.flatMap((name, at) => (found[at] === undefined ? [] : [[name, found[at]] as const])))
    },
    promote: (ref, version, { ifRevision, share } = {}) => {
      const choose = promoteTo(version, share)
      return nameVersion(ref, version, { choose, ...(ifRevision === undefined ? {} : { ifRevision }) })
    },
    async rollback(ref, { ifRevision, version } = {}) {
      const current = await readAlias(objects, ref)
      const target = rollBackTo(version)(current)
      // The revision read here must still stand: otherwise "the one before" would be another one.
      const revision = ifRevision ?? current?.revision ?? 0
      return nameVersion(ref, target.version, { choose: rollBackTo(version), ifRevision: revision })
    },
    prune: (ref, pruneOptions) => pruneVersions(objects, ref, { ...pruneOptions, clock, log }),
  }
}

async function listModels(objects: ObjectStore, tenant: string): Promise<readonly string[]> {
  const prefix = tenantPrefix(tenant)
  const names = new Set<string>()
  for await (const { key } of objects.list(prefix)) {
    const [name = '', area = ''] = key.slice(prefix.length).split('/', 2)
    if (area === 'versions' || area === 'aliases') names.add(name)
  }
  return [...names]
}

async function listVersions(objects: ObjectStore, ref: ModelRef, log: Log): Promise<readonly ModelManifest[]> {
  checkModelRef(ref)
  const prefix = versionsPrefix(ref)
  const manifests: ModelManifest[] = []
  for await (const { key } of objects.list(prefix)) {
    const [version, file, ...rest] = key.slice(prefix.length).split('/')
    if (version === undefined || file !== manifestFile || rest.length > 0) continue
    try {
      manifests.push(await readManifest(objects, { ...ref, version }))
    } catch (error) {
      if (!(error instanceof ModelRefusedError)) throw error
      log.warn({ err: error, key }, 'a model version was left out')
    }
  }
  return manifests.sort(
    (left, right) => right.createdAt.localeCompare(left.createdAt) || right.version.localeCompare(left.version),
  )
}
