import type { TrainingWarning } from '@rapport/contracts'
import type { TextCorpus } from './corpus.ts'
import type { StandingVersion } from './text-champion.ts'

/** Of the champion's rows: the champion's recipe, trained on fewer, says too little of the champion. */
const leastShare = 0.5
const named = 5

/**
 * Why a version that was trained on a corpus must not replace the champion by itself, however it compares: it would answer
 * with other labels, or both recipes were compared on a small part of what the champion has learnt from.
 */
export function findMismatch(
  { labels, rows, recipe, isMultiLabel }: StandingVersion,
  { names, texts, sets }: Pick<TextCorpus, 'names' | 'texts' | 'sets'>,
): string | undefined {
  if (isMultiLabel !== (sets !== undefined)) {
    return isMultiLabel ? 'the champion gives a text several labels' : 'the champion gives a text one label'
  }
  const lacking = names.filter((name) => !labels.includes(name))
  const besides = labels.filter((label) => !names.includes(label))
  if (lacking.length + besides.length > 0) {
    const differences = [
      ...(lacking.length > 0 ? [`it lacks ${list(lacking)}`] : []),
      ...(besides.length > 0 ? [`it has ${list(besides)} besides`] : []),
    ]
    return `the champion has other labels: ${differences.join(', and ')}`
  }
  if (recipe === undefined || texts.length >= leastShare * rows) return undefined
  return `the champion was trained on ${rows} rows, this version on ${texts.length}`
}

export const mismatchWarning = (mismatch: string, model: string): TrainingWarning => ({
  code: 'champion-mismatch',
  message: `${mismatch}; the version was not promoted: ${remedyOf(model, '<version>')}`,
})

/** How it may serve all the same. */
export const remedyOf = (model: string, version: string): string =>
  `"rapport models promote ${model} ${version}" lets it serve all the same, a model name of its own keeps the two apart`

function list(labels: readonly string[]): string {
  const more = labels.length > named ? ` and ${labels.length - named} more` : ''
  return labels.slice(0, named).join(', ') + more
}
