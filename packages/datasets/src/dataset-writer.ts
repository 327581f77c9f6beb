import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { DatasetManifest, DatasetPart, DatasetRow } from '@rapport/contracts'
import type { Clock } from '@rapport/core'
import type { ObjectStore } from '@rapport/object-store'
import { checkVersionRef, describeVersion, manifestKey, newVersion, partFile, versionPrefix } from './dataset-keys.ts'
import type { DatasetRef, DatasetVersionRef } from './dataset-keys.ts'
import { DatasetError } from './errors.ts'
import { newestVersion } from './list-datasets.ts'

const compress = promisify(gzip)

/** Uncompressed; a part holds more only by its last row. Readers hold one part in memory. */
const partBytes = 4 * 1024 ** 2

/** What is known before the first row. */
export type DatasetDescription = Pick<DatasetManifest, 'format' | 'columns' | 'multiLabel'>
/** What is known after the last one. */
export type DatasetFindings = Pick<DatasetManifest, 'classes' | 'report'>

/**
 * Writes a new version of a data set: parts of a bounded size, then the manifest. Before that nobody sees anything of it,
 * and two writers never write the same version. Holds one part in memory.
 */
export class DatasetWriter {
  readonly ref: DatasetVersionRef
  readonly #store: ObjectStore
  readonly #clock: Clock
  readonly #fingerprint = createHash('sha256')
  readonly #parts: DatasetPart[] = []
  #lines: string[] = []
  #lineBytes = 0
  #firstRow = 0
  #lastRow = 0
  #rows = 0
  #bytes = 0

  private constructor(store: ObjectStore, clock: Clock, ref: DatasetVersionRef) {
    this.ref = ref
    this.#store = store
    this.#clock = clock
  }

  /** The version sorts behind all that stand. @throws DatasetError `RPT_DATASET_NAME` */
  static async begin(store: ObjectStore, clock: Clock, ref: DatasetRef): Promise<DatasetWriter> {
    const version = newVersion(clock.now(), await newestVersion(store, ref))
    checkVersionRef({ ...ref, version })
    return new DatasetWriter(store, clock, { ...ref, version })
  }

  /** Rows that were added. */
  get rows(): number {
    return this.#rows
  }

  /** Adds a row; the numbers of rows ascend. Waits when a part is full until it is stored. */
  async add({ row, text, labels, id, language }: DatasetRow): Promise<void> {
    const canonical = `${JSON.stringify({ text, labels, id, language })}\n`
    this.#fingerprint.update(canonical)
    const line = `{"row":${row},${canonical.slice(1)}`
    if (this.#lines.length === 0) this.#firstRow = row
    this.#lastRow = row
    this.#lines.push(line)
    this.#lineBytes += Buffer.byteLength(line)
    this.#rows += 1
    if (this.#lineBytes >= partBytes) await this.#flush()
  }

  /** Makes the version visible. There must be a row. */
  async publish(description: DatasetDescription & DatasetFindings): Promise<DatasetManifest> {
    await this.#flush()
    const manifest: DatasetManifest = {
      ...this.ref,
      createdAt: new Date(this.#clock.now()).toISOString(),
      ...description,
      rows: this.#rows,
      bytes: this.#bytes,
      fingerprint: this.#fingerprint.digest('hex'),
      parts: this.#parts,
    }
    await this.#put(manifestKey(this.ref), Buffer.from(JSON.stringify(manifest)))
    return manifest
  }

  /** Removes what was written. What cannot be removed now, `pruneOrphans` finds later. */
  async abandon(): Promise<void> {
    const files = this.#parts.map(({ path }) => path)
    // The last put may have been done although it has failed.
    const all = ['manifest.json', ...files, partFile(files.length)]
    await this.#store.delete(all.map((file) => versionPrefix(this.ref) + file))
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return
    const rows = this.#lines.length
    const text = Buffer.from(this.#lines.join(''))
    this.#lines = []
    this.#lineBytes = 0
    const body = await compress(text)
    const path = partFile(this.#parts.length)
    await this.#put(versionPrefix(this.ref) + path, body)
    const sha256 = createHash('sha256').update(body).digest('hex')
    this.#parts.push({ path, bytes: body.byteLength, sha256, rows, firstRow: this.#firstRow, lastRow: this.#lastRow })
    this.#bytes += text.byteLength
  }

  async #put(key: string, body: Uint8Array): Promise<void> {
    const { stored } = await this.#store.put(key, body, { ifAbsent: true })
    if (!stored)
      throw new DatasetError(
        'RPT_DATASET_CORRUPT',
        `${describeVersion(this.ref)} has an object that nobody wrote: ${key}`,
      )
  }
}
