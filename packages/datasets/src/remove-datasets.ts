import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import {
  checkDatasetRef,
  checkTenant,
  checkVersionRef,
  describeVersion,
  manifestKey,
  readKey,
  tenantPrefix,
  versionPrefix,
  type DatasetRef,
  type DatasetVersionRef,
} from './dataset-keys.ts'
import { listVersions } from './list-datasets.ts'

/** An upload takes less. */
const leastAgeMs = 24 * 60 * 60 * 1000

/** False when there is no such version. The manifest goes first: what a removal that is cut short leaves is orphans. */
export async function removeVersion(store: ObjectStore, ref: DatasetVersionRef): Promise<boolean> {
  checkVersionRef(ref)
  const manifest = manifestKey(ref)
  if ((await store.head(manifest)) === undefined) return false
  await store.delete([manifest])
  await store.delete(await Array.fromAsync(store.list(versionPrefix(ref)), ({ key }) => key))
  return true
}

/** How many versions were removed. A version whose upload is under way stays, and appears when it ends. */
export async function removeDataset(store: ObjectStore, ref: DatasetRef): Promise<number> {
  checkDatasetRef(ref)
  const versions = await listVersions(store, ref)
  for (const version of versions) await removeVersion(store, { ...ref, version })
  return versions.length
}

/**
 * Removes what uploads and removals that were cut short have left of a tenant: versions without a manifest whose newest
 * object is a day old.
 */
export async function pruneOrphans(
  store: ObjectStore,
  tenant: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<readonly string[]> {
  checkTenant(tenant)
  const orphans: string[] = []
  let version: StandingVersion | undefined
  const end = async (): Promise<void> => {
    if (version === undefined || version.isPublished || clock.now() - version.newestMs < leastAgeMs) return
    await store.delete(version.keys)
    orphans.push(version.named)
  }
  // Keys ascend, so the objects of a version come together.
  for await (const { key, modifiedAtMs } of store.list(tenantPrefix(tenant))) {
    const found = readKey(tenant, key)
    if (found === undefined) continue
    const named = describeVersion(found.ref)
    if (named !== version?.named) {
      await end()
      version = { named, keys: [], isPublished: false, newestMs: 0 }
    }
    version.keys.push(key)
    version.isPublished ||= found.isManifest
    version.newestMs = Math.max(version.newestMs, modifiedAtMs)
  }
  await end()
  if (orphans.length > 0) log.info({ tenant, orphans }, 'what was left of uploads that were cut off is removed')
  return orphans
}

interface StandingVersion {
  readonly named: string
  readonly keys: string[]
  isPublished: boolean
  newestMs: number
}
