/** Where a second list gets places in a first one: at place `first`, then at every `every`-th after it, counted from 1. */
export interface Places {
  readonly first: number
  readonly every: number
}

/** How many places of an answer of that length the second list has. */
export const placesIn = (count: number, { first, every }: Places): number =>
  count < first ? 0 : 1 + Math.floor((count - first) / every)

/**
 * Both lists in one of at most `count`, each in its own order: the second list's entries at their places, the first
 * list's at the others. Where one list has ended the other goes on only if it is the first.
 */
export function interleave<T>(
  first: readonly T[],
  second: readonly T[],
  { count, places }: { readonly count: number; readonly places: Places },
): T[] {
  const merged: T[] = []
  let atFirst = 0
  let atSecond = 0
  while (merged.length < count) {
    const place = merged.length + 1
    const isReserved = place >= places.first && (place - places.first) % places.every === 0
    const entry = isReserved && atSecond < second.length ? second[atSecond++] : first[atFirst++]
    if (entry === undefined) break
    merged.push(entry)
  }
  return merged
}
