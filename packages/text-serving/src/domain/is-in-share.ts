import { createHash } from 'node:crypto'

/**
 * Whether what is assigned by `key` falls into a share from 0 to 1 of all. Whoever is in a share is in every larger one, too; the
 * shares of two experiments have nothing to do with each other.
 */
export function isInShare(share: number, experiment: string, key: string): boolean {
  if (share <= 0) return false
  return createHash('sha256').update(`${experiment}\n${key}`).digest().readUInt32BE() < share * 2 ** 32
}
