import type { SystemCall } from './trace.ts'

export interface DurabilityCheck {
  /** Acknowledgements found in the trace. */
  readonly acknowledged: number
  /** Acknowledgements that were written before what they acknowledge was known to be on disk, and why. */
  readonly violations: readonly string[]
}

export interface WhatToCheck {
  /** Path of the LMDB data file. */
  readonly dataFile: string
  /** Each stands in the bytes of one record and in those of its acknowledgement. */
  readonly markers: readonly string[]
  /** Whether a write to somewhere else than the data file acknowledges the marker's record. */
  readonly isAcknowledgement: (text: string, marker: string) => boolean
}

const WRITES = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg'])
const SYNCS = new Set(['fdatasync', 'fsync', 'msync'])

/**
 * LMDB commits in three steps: the pages are written, they are synced, and the page that makes them count is written
 * through a descriptor that writes to the disk at once (O_DSYNC). An acknowledgement must begin after all three.
 */
export function checkDurability(calls: readonly SystemCall[], what: WhatToCheck): DurabilityCheck {
  const ofData = calls.filter(({ path }) => path === what.dataFile)
  const writes = ofData.filter(({ name }) => WRITES.has(name))
  const syncs = ofData.filter((call) => SYNCS.has(call.name) && succeeded(call))
  const writesThrough = throughDescriptors(calls, what.dataFile)
  const answers = calls.filter(({ name, path }) => WRITES.has(name) && path !== what.dataFile)
  const violations: string[] = []
  let acknowledged = 0
  for (const marker of what.markers) {
    const answer = answers.find(({ text }) => what.isAcknowledgement(text, marker))
    if (answer === undefined) continue
    acknowledged += 1
    const page = writes.find(({ text }) => text.includes(marker))
    const sync = syncs.find(({ began, ended }) => page !== undefined && began > page.ended && ended < answer.began)
    const commit = writes.find(
      ({ descriptor, began, ended }) =>
        sync !== undefined && writesThrough.has(descriptor) && began > sync.ended && ended < answer.began,
    )
    if (page === undefined) violations.push(`${marker}: acknowledged, and never written`)
    else if (sync === undefined) violations.push(`${marker}: acknowledged before its pages were synced`)
    else if (commit === undefined) violations.push(`${marker}: acknowledged before its commit was on disk`)
  }
  return { acknowledged, violations }
}

/** Descriptors of the data file whose writes return when they are on disk. */
function throughDescriptors(calls: readonly SystemCall[], dataFile: string): Set<number> {
  const opened = calls.filter(({ name, text }) => name === 'openat' && text.includes(`"${dataFile}"`))
  return new Set(opened.filter(({ text }) => text.includes('O_DSYNC')).map(({ result }) => Number.parseInt(result, 10)))
}

const succeeded = ({ result }: SystemCall): boolean => result.startsWith('0')
