import type { Checkpoint } from '../event-log.ts'

/** How often processing has failed at an offset for an unknown reason; kept in the checkpoint's metadata. */
export interface Attempts {
  readonly offset: number
  readonly failures: number
}

const PATTERN = /^attempts (\d+)@(\d+)$/

export const writeAttempts = ({ offset, failures }: Attempts): string => `attempts ${failures}@${offset}`

/** Failures so far at the offset; anything else in the metadata counts as none. */
export function readFailures(checkpoint: Checkpoint | undefined, offset: number): number {
  const match = PATTERN.exec(checkpoint?.metadata ?? '')
  return match !== null && Number(match[2]) === offset ? Number(match[1]) : 0
}
