import { createHash } from 'node:crypto'
import type { UserWord } from '@rapport/text'

/** The words of a job's dictionary, for the segmentation. */
export const toUserWords = (dictionary: readonly string[] = []): readonly UserWord[] =>
  dictionary.map((word) => ({ word }))

/** Different for different words, in few characters. */
export function describeDictionary(dictionary: readonly string[] | undefined): string {
  if (dictionary === undefined) return ''
  const digest = createHash('sha256').update(dictionary.join('\n')).digest('hex').slice(0, 8)
  return `, ${dictionary.length} own words (${digest})`
}
