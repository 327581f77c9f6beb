import { murmur2 } from '@rapport/core'
import type { PartSample } from './online-store.ts'

const rankOf = (part: string): number => murmur2(Buffer.from(part, 'utf8')) >>> 0

/** The parts that the sample has no place for when `part` comes to those that stand; `part` itself may be one. */
export function outOfSample(standing: Iterable<string>, part: string, { prefix, keep }: PartSample): readonly string[] {
  const names: string[] = []
  for (const name of standing) {
    if (name === part) return []
    if (name.startsWith(prefix)) names.push(name)
  }
  if (names.length < keep) return []
  return [...names, part]
    .map((name) => ({ name, rank: rankOf(name) }))
    .sort((left, right) => left.rank - right.rank || (left.name < right.name ? -1 : 1))
    .slice(keep)
    .map(({ name }) => name)
}
