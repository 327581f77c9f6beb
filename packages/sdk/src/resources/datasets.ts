import type {
  Dataset,
  DatasetFormat,
  DatasetList,
  DatasetRow,
  DatasetRows,
  DatasetUploadQuery,
  DatasetVersion,
} from '@rapport/contracts'
import { undefinedIfAbsent } from '../errors.ts'
import type { HttpClient, StreamBody } from '../http.ts'

const datasetPath = (name: string): string => `/v1/datasets/${encodeURIComponent(name)}`
const versionPath = (name: string, version: string): string =>
  `${datasetPath(name)}/versions/${encodeURIComponent(version)}`

const mediaTypes = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const satisfies Record<DatasetFormat, string>

export interface DatasetUpload extends Partial<DatasetUploadQuery> {
  /** Default `csv`. Gzip is known by its first bytes. */
  readonly format?: DatasetFormat
  /** Default an hour. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Labelled texts to train on. Scope `train`. */
export class Datasets {
  readonly #http: HttpClient

  constructor(http: HttpClient) {
    this.#http = http
  }

  /**
   * Makes a new version; the answer reports what was found. A text or bytes are sent again on 429 and 503; a stream, which is
   * sent while it is read and may be longer than memory, is sent once.
   */
  upload(name: string, body: string | Uint8Array | StreamBody, options: DatasetUpload = {}): Promise<DatasetVersion> {
    const { format = 'csv', timeoutMs = 3_600_000, signal, ...query } = options
    const headers = { 'content-type': mediaTypes[format] }
    return this.#http.json({ method: 'POST', path: datasetPath(name), query, headers, body, timeoutMs, signal })
  }

  /** By name. */
  async list(): Promise<DatasetList['datasets']> {
    const { datasets } = await this.#http.json<DatasetList>({ method: 'GET', path: '/v1/datasets' })
    return datasets
  }

  /** The newest version and the list of all; undefined when there is no such data set. */
  get(name: string): Promise<Dataset | undefined> {
    return undefinedIfAbsent(this.#http.json<Dataset>({ method: 'GET', path: datasetPath(name) }))
  }

  version(name: string, version: string): Promise<DatasetVersion> {
    return this.#http.json({ method: 'GET', path: versionPath(name, version) })
  }

  /** A page of rows in their order, behind the row of the number `after`. */
  page(name: string, version: string, query: { limit?: number; after?: number } = {}): Promise<DatasetRows> {
    return this.#http.json({ method: 'GET', path: `${versionPath(name, version)}/rows`, query })
  }

  /** Every row in its order, page by page. */
  async *rows(name: string, version: string): AsyncGenerator<DatasetRow> {
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: DatasetRows = await this.page(name, version, { limit: 1000, after })
      yield* page.rows
      after = page.next
    }
  }

  /** Removes all versions. */
  async remove(name: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: datasetPath(name) })
  }

  async removeVersion(name: string, version: string): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: versionPath(name, version) })
  }
}
