import type { TextVectorizerData } from './vectorizer-data.ts'

/** Turns the term counts of one row, in place, into the weights of the vectorizer. */
export function weighRow(
  { idf, weighting }: Pick<TextVectorizerData, 'idf' | 'weighting'>,
  columns: Int32Array,
  values: Float32Array,
): void {
  let squares = 0
  for (let at = 0; at < columns.length; at += 1) {
    const count = values[at] as number
    const frequency = weighting.sublinearTf ? 1 + Math.log(count) : count
    const weight = frequency * (idf[columns[at] as number] as number)
    values[at] = weight
    squares += weight * weight
  }
  if (weighting.norm === 'none' || squares === 0) return
  const scale = 1 / Math.sqrt(squares)
  for (let at = 0; at < columns.length; at += 1) values[at] = (values[at] as number) * scale
}
