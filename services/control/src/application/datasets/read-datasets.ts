import type {
  Dataset,
  DatasetList,
  DatasetManifest,
  DatasetRow,
  DatasetRows,
  DatasetSummary,
  DatasetVersion,
} from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { DatasetError, listDatasets, listVersions, readManifest, readRowsAfter } from '@rapport/datasets'
import type { DatasetRef, DatasetVersionRef } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import { notFound } from '@rapport/service-kit'

export interface ReadDependencies {
  readonly objectStore: ObjectStore
  readonly log: Log
}

/** Manifests that are read at the same time. */
const readTogether = 16
/** Of a page's texts, in UTF-16 units; the row that passes it is the page's last. */
const pageCharacters = 4 * 1024 ** 2

/** A version as the API tells of it. */
export function toDatasetVersion({ tenant: _tenant, parts: _parts, ...version }: DatasetManifest): DatasetVersion {
  return version
}

/** By name. */
export async function listAll(dependencies: ReadDependencies, tenant: string): Promise<DatasetList> {
  const found = [...(await listDatasets(dependencies.objectStore, tenant))]
  const refs = found.map(([name, [version = '']]) => ({ tenant, name, version }))
  const newest = await readManifests(dependencies, refs)
  return {
    datasets: newest.map((manifest) => ({
      name: manifest.name,
      versions: found.find(([name]) => name === manifest.name)?.[1].length ?? 1,
      newest: toSummary(manifest),
      classes: manifest.classes.length,
    })),
  }
}

/** The newest version and the list of all. @throws HttpError 404 */
export async function readDataset(dependencies: ReadDependencies, ref: DatasetRef): Promise<Dataset> {
  const versions = await listVersions(dependencies.objectStore, ref)
  const manifests = await readManifests(
    dependencies,
    versions.map((version) => ({ ...ref, version })),
  )
  const [newest] = manifests
  if (newest === undefined) throw notFound(`data set "${ref.name}"`)
  return { name: ref.name, newest: toDatasetVersion(newest), versions: manifests.map(toSummary) }
}

/** @throws HttpError 404 */
export async function readVersion(objectStore: ObjectStore, ref: DatasetVersionRef): Promise<DatasetManifest> {
  return orNotFound(ref, readManifest(objectStore, ref))
}

/** At most `limit` rows behind the row of the number `after`; fewer when they are long. @throws HttpError 404 */
export async function readPage(
  objectStore: ObjectStore,
  ref: DatasetVersionRef,
  { limit, after }: { readonly limit: number; readonly after: number },
): Promise<DatasetRows> {
  const rows: DatasetRow[] = []
  const manifest = await readVersion(objectStore, ref)
  let characters = 0
  const reading = readRowsAfter(objectStore, manifest, after)
  while (rows.length < limit && characters < pageCharacters) {
    const next = await orNotFound(ref, reading.next())
    if (next.done === true) break
    rows.push(next.value)
    characters += next.value.text.length
  }
  const last = rows.at(-1)?.row
  const end = manifest.parts.at(-1)?.lastRow ?? 0
  return last === undefined || last >= end ? { rows } : { rows, next: last }
}

/** In the order of the references; those that are gone or damaged are left out. */
async function readManifests(
  { objectStore, log }: ReadDependencies,
  refs: readonly DatasetVersionRef[],
): Promise<DatasetManifest[]> {
  const manifests: DatasetManifest[] = []
  for (let start = 0; start < refs.length; start += readTogether) {
    const read = refs.slice(start, start + readTogether).map(async (ref) => {
      try {
        return await readManifest(objectStore, ref)
      } catch (error) {
        if (!(error instanceof DatasetError)) throw error
        log.warn({ err: error, dataset: ref }, 'a version of a data set was left out')
        return undefined
      }
    })
    manifests.push(...(await Promise.all(read)).filter((manifest) => manifest !== undefined))
  }
  return manifests
}

const toSummary = ({ version, createdAt, rows, bytes, fingerprint }: DatasetManifest): DatasetSummary => ({
  version,
  createdAt,
  rows,
  bytes,
  fingerprint,
})

async function orNotFound<T>({ name, version }: DatasetVersionRef, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome
  } catch (error) {
    if (error instanceof DatasetError && error.code === 'RPT_DATASET_NOT_FOUND') {
      throw notFound(`version ${version} of the data set "${name}"`)
    }
    throw error
  }
}
