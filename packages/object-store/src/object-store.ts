export interface StoredObject {
  readonly key: string
  readonly bytes: number
  /** Changes whenever the content is replaced. */
  readonly etag: string
  readonly modifiedAtMs: number
}

/** At most one condition. `ifAbsent`: nothing stands at the key. `ifMatch`: exactly this etag stands. */
export interface PutOptions {
  readonly ifAbsent?: boolean
  readonly ifMatch?: string
}

export type PutOutcome = { readonly stored: true; readonly etag: string } | { readonly stored: false }

/** Since this handle was opened; 0 where the store is no server. */
export interface ObjectStoreStats {
  readonly requestsTotal: number
  /** Requests without a usable answer: most are made again. */
  readonly failuresTotal: number
}

/**
 * The object store port (DESIGN.md §2). Keys are `/`-separated, relative, without empty, `.` or `..` components.
 * A reader sees an old or a new object whole, never a torn one.
 */
export interface ObjectStore extends AsyncDisposable {
  /** Resolves when durable. A stream of unknown length is stored in parts. `stored: false` when the condition does not hold; of racing writers one wins. */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<PutOutcome>
  /** Whole object, for small ones. */
  get(key: string): Promise<{ readonly body: Uint8Array; readonly object: StoredObject } | undefined>
  /** Streams an object, or `range` of it (first byte, last byte, both included). */
  open(
    key: string,
    range?: { first: number; last?: number },
  ): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly object: StoredObject } | undefined>
  head(key: string): Promise<StoredObject | undefined>
  /** All keys that start with the prefix, ascending by UTF-8 bytes; `after` continues behind a key. */
  list(prefix: string, options?: { after?: string }): AsyncIterable<StoredObject>
  /** Deleting what is not there is fine. */
  delete(keys: readonly string[]): Promise<void>
  /** What this handle knows without asking anybody, for metrics. Never throws. */
  stats(): ObjectStoreStats
}
