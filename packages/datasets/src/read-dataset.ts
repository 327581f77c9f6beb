import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import {
  DatasetManifestSchema,
  DatasetRowSchema,
  type DatasetManifest,
  type DatasetPart,
  type DatasetRow,
} from '@rapport/contracts'
import { decodeUtf8 } from '@rapport/core'
import { ObjectStoreError, type ObjectStore } from '@rapport/object-store'
import { Compile } from 'typebox/compile'
import { checkVersionRef, describeVersion, manifestKey, versionPrefix, type DatasetVersionRef } from './dataset-keys.ts'
import { DatasetError } from './errors.ts'

const decompress = promisify(gunzip)
const manifestCheck = Compile(DatasetManifestSchema)
const rowCheck = Compile(DatasetRowSchema)

const corrupt = (message: string, cause?: unknown): DatasetError =>
  new DatasetError('RPT_DATASET_CORRUPT', message, { cause })

/**
 * Every row of a version, in the order in which they were sent. Each part is compared with its checksum before its first
 * row is handed out. Holds one part, some 4 MiB of rows, in memory.
 * @throws DatasetError `RPT_DATASET_NOT_FOUND`, `RPT_DATASET_CORRUPT` or `RPT_DATASET_NAME`
 */
export async function* readDatasetRows(
  objectStore: ObjectStore,
  tenant: string,
  name: string,
  version: string,
): AsyncGenerator<DatasetRow> {
  const manifest = await readManifest(objectStore, { tenant, name, version })
  yield* readRowsAfter(objectStore, manifest, 0)
}

/** As `readDatasetRows`, with the rows whose numbers are above `after`; parts that end before it are not read. */
export async function* readRowsAfter(
  objectStore: ObjectStore,
  manifest: DatasetManifest,
  after: number,
): AsyncGenerator<DatasetRow> {
  for (const part of manifest.parts) {
    if (part.lastRow <= after) continue
    for (const row of await readPart(objectStore, manifest, part)) if (row.row > after) yield row
  }
}

/** @throws DatasetError `RPT_DATASET_NOT_FOUND`, `RPT_DATASET_CORRUPT` or `RPT_DATASET_NAME` */
export async function readManifest(objectStore: ObjectStore, ref: DatasetVersionRef): Promise<DatasetManifest> {
  checkVersionRef(ref)
  const named = describeVersion(ref)
  const found = await getObject(objectStore, manifestKey(ref), `the manifest of ${named}`)
  if (found === undefined) throw new DatasetError('RPT_DATASET_NOT_FOUND', `there is no data set ${named}`)
  const manifest = parse(decodeUtf8(found) ?? '', `the manifest of ${named}`)
  if (!manifestCheck.Check(manifest)) throw corrupt(`the manifest of ${named} does not have the form of one`)
  if (describeVersion(manifest) !== named) {
    throw corrupt(`the manifest of ${named} names ${describeVersion(manifest)}`)
  }
  return manifest
}

async function readPart(store: ObjectStore, manifest: DatasetManifest, part: DatasetPart): Promise<DatasetRow[]> {
  const named = `${part.path} of ${describeVersion(manifest)}`
  const body = await getObject(store, versionPrefix(manifest) + part.path, named)
  // Its manifest goes first when a version is removed.
  if (body === undefined) {
    const isThere = (await store.head(manifestKey(manifest))) !== undefined
    if (isThere) throw corrupt(`${named} is missing`)
    throw new DatasetError('RPT_DATASET_NOT_FOUND', `${describeVersion(manifest)} was removed while it was read`)
  }
  if (createHash('sha256').update(body).digest('hex') !== part.sha256) {
    throw corrupt(`${named} is not the file whose SHA-256 is in the manifest`)
  }
  const text = decodeUtf8(await decompress(body))
  const rows = (text ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => readRow(line, named))
  if (rows.length !== part.rows) throw corrupt(`${named} has ${rows.length} rows, the manifest says ${part.rows}`)
  return rows
}

function readRow(line: string, named: string): DatasetRow {
  const row = parse(line, `a row in ${named}`)
  if (!rowCheck.Check(row)) throw corrupt(`a row in ${named} does not have the form of one`)
  return row
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw corrupt(`${what} is not JSON`, cause)
  }
}

async function getObject(store: ObjectStore, key: string, named: string): Promise<Uint8Array | undefined> {
  try {
    return (await store.get(key))?.body
  } catch (cause) {
    if (!(cause instanceof ObjectStoreError) || cause.code !== 'RPT_OBJECT_CORRUPT') throw cause
    throw corrupt(`${named} is not what was stored`, cause)
  }
}
