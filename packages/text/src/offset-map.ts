/** Where each UTF-16 unit of a changed text comes from: the span of the original text, in UTF-16 units, per unit. */
export interface OffsetMap {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** A base with its combining marks, a run of Hangul jamo, or half-width kana with their voiced mark: what composes. */
const clusters = /[\u1100-\u11ff]+\p{M}*|[^\p{M}\uff9e\uff9f][\p{M}\uff9e\uff9f]*|[\p{M}\uff9e\uff9f]+/gu

/**
 * The offset map of `changed = change(original)` for a change that works within clusters of characters (normalisation,
 * lower case); undefined stands for "no unit has moved". Within a cluster of unchanged length unit answers to unit,
 * otherwise each unit to the whole cluster. A change that crossed clusters answers with the whole text.
 */
export function mapOffsets(original: string, changed: string, change: (text: string) => string): OffsetMap | undefined {
  if (changed === original) return undefined
  const starts = new Int32Array(changed.length)
  const ends = new Int32Array(changed.length)
  let at = 0
  for (const { 0: cluster, index } of original.matchAll(clusters)) {
    const { length } = change(cluster)
    const keepsLength = length === cluster.length
    for (let unit = 0; unit < length; unit += 1, at += 1) {
      starts[at] = keepsLength ? index + unit : index
      ends[at] = keepsLength ? index + unit + 1 : index + cluster.length
    }
  }
  if (at === changed.length) return { starts, ends }
  return { starts: starts.fill(0), ends: ends.fill(original.length) }
}

/** The span in the original text of the units [start, end) of the changed one. */
export function originalSpan(
  map: OffsetMap | undefined,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  if (map === undefined || end <= start) return { start, end }
  return { start: map.starts[start] as number, end: map.ends[end - 1] as number }
}
