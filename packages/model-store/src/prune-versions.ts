import { aliases } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { readAlias } from './move-alias.ts'
import {
  allHoldsPrefix,
  allRemovalsPrefix,
  checkModelRef,
  holdsPrefix,
  manifestKey,
  type ModelRef,
  versionPrefix,
  type VersionRef,
  versionsPrefix,
} from './model-keys.ts'
import { beginRemoval, endRemoval } from './version-holds.ts'

/** An upload, or a load that has begun, takes less. */
const leastAgeMs = 24 * 60 * 60 * 1000

export interface PruneOptions {
  /** Versions that are kept beside those that aliases name or have named, the newest first. */
  readonly keepNewest: number
}

export interface PruneReport {
  /** Versions that were removed. */
  readonly versions: readonly string[]
  /** Versions without a manifest whose files were removed: publications that were interrupted. */
  readonly orphans: readonly string[]
}

interface PruneContext extends PruneOptions {
  readonly clock: Clock
  readonly log: Log
}

/** What stands in a version's folder. */
interface StandingVersion {
  readonly version: string
  readonly keys: string[]
  /** Undefined while there is no manifest. */
  publishedAtMs: number | undefined
  /** Of its newest object. */
  newestMs: number
}

/**
 * Removes a model's old versions and the files of publications that never came to a manifest. A manifest goes before its
 * files: what is left by a prune that is cut short is orphans.
 */
export async function pruneVersions(
  store: ObjectStore,
  ref: ModelRef,
  { keepNewest, clock, log }: PruneContext,
): Promise<PruneReport> {
  checkModelRef(ref)
  const { tenant, name } = ref
  const isOld = (atMs: number): boolean => clock.now() - atMs >= leastAgeMs
  await dropLeftMarks(store, ref, isOld)
  const named = await namedVersions(store, ref)
  const standing = await readStanding(store, ref, versionsPrefix(ref))
  const versions: string[] = []
  const orphans: string[] = []
  for (const { version, newestMs } of choose(standing, named, keepNewest)) {
    if (!isOld(newestMs)) continue
    const removed = await removeVersion(store, { tenant, name, version }, isOld)
    if (removed === 'version') versions.push(version)
    if (removed === 'orphan') orphans.push(version)
  }
  if (versions.length + orphans.length > 0) log.info({ ...ref, versions, orphans }, 'old model versions removed')
  return { versions, orphans }
}

/** What may go by its rank; its age is another matter. */
function choose(
  standing: readonly StandingVersion[],
  named: ReadonlySet<string>,
  keepNewest: number,
): readonly StandingVersion[] {
  const free = standing.filter(({ version }) => !named.has(version))
  const published = free.filter(({ publishedAtMs }) => publishedAtMs !== undefined)
  published.sort(
    (left, right) =>
      (right.publishedAtMs ?? 0) - (left.publishedAtMs ?? 0) || right.version.localeCompare(left.version),
  )
  return [...published.slice(keepNewest), ...free.filter(({ publishedAtMs }) => publishedAtMs === undefined)]
}

/** Removes a version unless somebody holds or has named it, or it has changed, since it was chosen. */
async function removeVersion(
  store: ObjectStore,
  ref: VersionRef,
  isOld: (atMs: number) => boolean,
): Promise<'version' | 'orphan' | undefined> {
  if (!(await beginRemoval(store, ref))) return undefined
  const isHeld = await hasAny(store, holdsPrefix(ref))
  const isNamed = (await namedVersions(store, ref)).has(ref.version)
  const [now] = await readStanding(store, ref, versionPrefix(ref))
  const mayGo = !isHeld && !isNamed && now !== undefined && isOld(now.newestMs)
  if (mayGo) {
    const manifest = manifestKey(ref)
    await store.delete([manifest])
    await store.delete(now.keys.filter((key) => key !== manifest))
  }
  await endRemoval(store, ref)
  if (!mayGo) return undefined
  return now.publishedAtMs === undefined ? 'orphan' : 'version'
}

/** Every version that an alias names, or could be rolled back to. */
async function namedVersions(store: ObjectStore, { tenant, name }: ModelRef): Promise<ReadonlySet<string>> {
  const found = await Promise.all(aliases.map((alias) => readAlias(store, { tenant, name, alias })))
  return new Set(found.flatMap((each) => (each === undefined ? [] : [each.version, ...(each.history ?? [])])))
}

async function readStanding(store: ObjectStore, ref: ModelRef, prefix: string): Promise<StandingVersion[]> {
  const byVersion = new Map<string, StandingVersion>()
  const start = versionsPrefix(ref).length
  for await (const { key, modifiedAtMs } of store.list(prefix)) {
    const version = key.slice(start).split('/', 1)[0] ?? ''
    const known = byVersion.get(version) ?? { version, keys: [], publishedAtMs: undefined, newestMs: modifiedAtMs }
    byVersion.set(version, known)
    known.keys.push(key)
    known.newestMs = Math.max(known.newestMs, modifiedAtMs)
    if (key === manifestKey({ ...ref, version })) known.publishedAtMs = modifiedAtMs
  }
  return [...byVersion.values()]
}

/** Marks whose process has died. */
async function dropLeftMarks(store: ObjectStore, ref: ModelRef, isOld: (atMs: number) => boolean): Promise<void> {
  const left: string[] = []
  for (const prefix of [allHoldsPrefix(ref), allRemovalsPrefix(ref)]) {
    for await (const { key, modifiedAtMs } of store.list(prefix)) if (isOld(modifiedAtMs)) left.push(key)
  }
  await store.delete(left)
}

async function hasAny(store: ObjectStore, prefix: string): Promise<boolean> {
  for await (const _object of store.list(prefix)) return true
  return false
}
