import type { TrainingWarning } from '@rapport/contracts'
import { targetsOf, type TextCorpus } from './corpus.ts'
import type { CorpusSplit } from './split-corpus.ts'
import { labelSizes, pickTargets } from './targets.ts'

const fewRows = 30
/** Held-out rows of a label: fewer say nothing of it. */
const fewHeld = 3
/** Of all rows. */
const leastHeldShare = 0.1
/** From this share of a class's rows on its label gives itself away. */
const leakingShare = 0.5
const shortestLabel = 2
/** Warnings of one kind that name a label each; the others are counted. */
const named = 20

/** What in the data makes the figures less than they seem; never with a text of it. */
export function findWarnings(corpus: TextCorpus, split: CorpusSplit): TrainingWarning[] {
  return [
    ...fewRowsOf(corpus),
    ...fewHeldOutOf(corpus, split),
    ...leakageOf(corpus),
    ...duplicatesOf(split),
    ...conflictsOf(corpus, split),
  ]
}

function fewRowsOf(corpus: TextCorpus): TrainingWarning[] {
  const { names } = corpus
  const sizes = labelSizes(targetsOf(corpus))
  const found = names.flatMap((label, at): TrainingWarning[] => {
    const rows = sizes[at] as number
    if (rows >= fewRows) return []
    const message = `"${label}" has ${rows} rows; below ${fewRows} its figures are uncertain`
    return [{ code: 'few-rows', message, label }]
  })
  return bounded(found, (left) => ({
    code: 'few-rows',
    message: `${left} more labels have fewer than ${fewRows} rows`,
  }))
}

/** The part as a whole, and labels that have rows enough, which stay where few texts were copied often. */
function fewHeldOutOf(corpus: TextCorpus, { held }: CorpusSplit): TrainingWarning[] {
  const { labels, names } = corpus
  const share = held.length / labels.length
  const shown = Math.round(100 * share)
  const small = `only ${held.length} rows, ${shown} %, could be held out, since the others are too much alike; the figures are uncertain`
  const targets = targetsOf(corpus)
  const sizes = labelSizes(targets)
  const heldSizes = labelSizes(pickTargets(targets, held))
  const found = names.flatMap((label, at): TrainingWarning[] => {
    const rows = heldSizes[at] as number
    if (rows > 0 && (rows >= fewHeld || (sizes[at] as number) < fewRows)) return []
    const message = `${rows} of ${sizes[at]} rows of "${label}" could be held out; its figures say nothing`
    return [{ code: 'few-held-out', message, label }]
  })
  const rest = (left: number): TrainingWarning => ({
    code: 'few-held-out',
    message: `${left} more labels have hardly any held-out rows`,
  })
  return [
    ...(share < leastHeldShare ? [{ code: 'few-held-out' as const, message: small }] : []),
    ...bounded(found, rest),
  ]
}

function leakageOf(corpus: TextCorpus): TrainingWarning[] {
  const { texts, labels, names, sets } = corpus
  const patterns = names.map(toPattern)
  const hits = new Int32Array(names.length)
  for (const [row, text] of texts.entries()) {
    for (const label of sets?.[row] ?? [labels[row] as number]) {
      if (patterns[label]?.test(fold(text)) === true) hits[label] = (hits[label] as number) + 1
    }
  }
  const sizes = labelSizes(targetsOf(corpus))
  const found = names.flatMap((label, at): TrainingWarning[] => {
    const share = (hits[at] as number) / (sizes[at] as number)
    if (share <= leakingShare) return []
    const message = `"${label}" stands in ${Math.round(100 * share)} % of its own texts: where texts do not name their label, the model will be worse than it looks here`
    return [{ code: 'label-leakage', message, label }]
  })
  return bounded(found, (left) => ({ code: 'label-leakage', message: `${left} more labels stand in their own texts` }))
}

const fold = (text: string): string => text.normalize('NFKC').toLowerCase()

/** A label as a word of its own where it begins or ends with a letter of a script that has blanks between words. */
function toPattern(label: string): RegExp | undefined {
  const folded = fold(label).trim()
  if (Array.from(folded).length < shortestLabel) return undefined
  const spelt = folded.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`).replaceAll(/[-_\s]+/g, String.raw`[-_\s]+`)
  return new RegExp(`(?<![\\p{Script=Latin}\\p{N}])${spelt}(?![\\p{Script=Latin}\\p{N}])`, 'u')
}

function duplicatesOf({ nearDuplicates }: CorpusSplit): TrainingWarning[] {
  if (nearDuplicates === 0) return []
  const message = `${nearDuplicates} rows are nearly the same as others; those stay together in one part, since the held-out part would look too good with a copy of a training row`
  return [{ code: 'near-duplicates', message }]
}

function conflictsOf({ names, rowNumbers }: TextCorpus, { conflicts }: CorpusSplit): TrainingWarning[] {
  const [first] = conflicts
  if (first === undefined) return []
  const rows = first.rows.slice(0, 5).map((row) => rowNumbers[row] as number)
  const labels = first.labels.map((label) => names[label]).join(', ')
  const message = `${conflicts.length} texts stand there with different labels, for instance in rows ${rows.join(', ')}: ${labels}`
  return [{ code: 'label-conflicts', message }]
}

function bounded(found: TrainingWarning[], rest: (left: number) => TrainingWarning): TrainingWarning[] {
  return found.length <= named ? found : [...found.slice(0, named), rest(found.length - named)]
}
