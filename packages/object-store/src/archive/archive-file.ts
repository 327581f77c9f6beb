/** A file of the archive: the records of one tenant in one partition, from the offset `first` to `last`. */
export interface ArchiveFile {
  readonly tenant: string
  readonly topic: string
  readonly partition: number
  readonly first: number
  readonly last: number
}

const offsetDigits = 16
const namePattern = /\/(\d+)\/(\d{16})-(\d{16})\.ndjson\.gz$/

/** Prefix of all files of a tenant, or of one of its topics. */
export const archivePrefix = (tenant: string, topic?: string): string =>
  topic === undefined ? `archive/${tenant}/` : `archive/${tenant}/${topic}/`

/** `archive/<tenant>/<topic>/<partition>/<first>-<last>.ndjson.gz`, offsets zero-padded so that names sort by them. */
export function archiveFileName({ tenant, topic, partition, first, last }: ArchiveFile): string {
  const padded = (offset: number): string => String(offset).padStart(offsetDigits, '0')
  return `${archivePrefix(tenant, topic)}${partition}/${padded(first)}-${padded(last)}.ndjson.gz`
}

/** What a key below a topic's prefix says; undefined for keys that are no files of the archive. */
export function readArchiveFileName(tenant: string, topic: string, key: string): ArchiveFile | undefined {
  const match = key.startsWith(archivePrefix(tenant, topic)) ? namePattern.exec(key) : null
  if (match === null) return undefined
  const file = { tenant, topic, partition: Number(match[1]), first: Number(match[2]), last: Number(match[3]) }
  return archiveFileName(file) === key ? file : undefined
}
