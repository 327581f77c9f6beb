import { createHash } from 'node:crypto'
import { foldText } from '@rapport/datasets'
import {
  clusterNearDuplicates,
  createPacer,
  findLabelConflicts,
  firstOfEqualSets,
  stratifiedFolds,
  type LabelConflict,
  type TokenSets,
  type TrainingControl,
} from '@rapport/ml'
import { TextVectorizerFitter } from '@rapport/text'
import { TrainingDataError } from '../errors.ts'
import { seed } from '../training-context.ts'
import type { TextCorpus } from './corpus.ts'
import { labelSizes } from './targets.ts'

/**
 * Where rows of a corpus go. Rows with the same triples of characters, in lower case and NFKC, count as copies of one text.
 * Copies and near-duplicates, also those that only others join, stay together in one part and in one fold.
 */
export interface CorpusSplit {
  /** Rows of the corpus, ascending. */
  readonly train: Int32Array
  readonly held: Int32Array
  readonly folds: number
  /** Fold of each training row. */
  readonly foldOf: Int32Array
  /** Rows that are nearly, but not quite the same as another. */
  readonly nearDuplicates: number
  readonly conflicts: readonly LabelConflict[]
}

const heldShare = 0.2
/** Of a class, whatever its rows' hashes are. */
const heldBounds = { least: 0.1, most: 0.3 } as const
const similarity = 0.8
const fewestHeld = 5
/** Of a label: as many as there are folds, so that each is trained without some of them, and none without all. */
const fewestTexts = 5
/** A cluster is cut into its texts for the folds from so many folds' rows of its label on. */
const mostOfFold = 2
/** Below so many training rows folds are many, since each says little. */
const fewRows = 5000

/**
 * Splits by a hash of the texts, class by class, about a fifth of each: a row that is held out in one version of a data set
 * is mostly held out in the others, unless what is added to it is much like it or changes how many rows its label has.
 * @throws TrainingDataError when the texts of a label, or all, are too much alike.
 */
export async function splitCorpus(corpus: TextCorpus, control: TrainingControl): Promise<CorpusSplit> {
  const sets = await toTokenSets(corpus.texts, control)
  const groups = groupRows(corpus, sets, await clusterNearDuplicates(sets, { threshold: similarity, ...control }))
  const textsOf = countTexts(corpus, groups)
  checkTexts(corpus, textsOf)
  const isHeld = holdOut(corpus, groups, textsOf)
  const rows = Int32Array.from(corpus.labels.keys())
  const train = rows.filter((row) => isHeld[row] === 0)
  const held = rows.filter((row) => isHeld[row] === 1)
  const heldClasses = new Set(held.map((row) => corpus.labels[row] as number)).size
  if (held.length < fewestHeld || heldClasses < 2) {
    const found = `only ${held.length} rows of ${heldClasses} labels differ enough from the others to be tested`
    throw new TrainingDataError('RPT_TRAINING_NOT_ENOUGH_DATA', `${found}; add rows with different texts`)
  }
  // A text with other labels beside is no contradiction where a text has several.
  const { conflicts } = corpus.sets === undefined ? findLabelConflicts(sets, corpus.labels) : { conflicts: [] }
  return { train, held, nearDuplicates: countNearDuplicates(groups), conflicts, ...drawFolds(corpus, groups, train) }
}

/** Folds of the whole corpus, as a training part has them, where nothing is held out. */
export async function foldCorpus(
  corpus: Pick<TextCorpus, 'texts' | 'labels' | 'names'>,
  control: TrainingControl,
): Promise<Pick<CorpusSplit, 'folds' | 'foldOf'>> {
  const sets = await toTokenSets(corpus.texts, control)
  const groups = groupRows(corpus, sets, await clusterNearDuplicates(sets, { threshold: similarity, ...control }))
  return drawFolds(corpus, groups, Int32Array.from(corpus.labels.keys()))
}

/** The distinct triples of characters of each text, in lower case and NFKC. */
async function toTokenSets(texts: readonly string[], control: TrainingControl): Promise<TokenSets> {
  const pacer = createPacer(control)
  const fitter = new TextVectorizerFitter({ analyzer: 'char', ngrams: [3, 3], norm: 'none' })
  for (const [row, text] of texts.entries()) {
    if (pacer.due()) await pacer.pause(row / texts.length)
    // Blanks give the shortest texts a triple, too.
    fitter.add(` ${text.trim()} `)
  }
  return fitter.finish().matrix
}

interface Cluster {
  readonly rows: number[]
  /** In [0, 1), of one of its texts: the same in every order of the rows. */
  readonly hash: number
}

interface RowGroups {
  /** First row with the text of each row, itself for the first. */
  readonly copyOf: Int32Array
  /** First row of each row's cluster of near-duplicates. */
  readonly clusterOf: Int32Array
  /** By first row. */
  readonly clusters: ReadonlyMap<number, Cluster>
}

function groupRows({ texts }: Pick<TextCorpus, 'texts'>, sets: TokenSets, clusterOf: Int32Array): RowGroups {
  const copyOf = firstOfEqualSets(sets).map((first, row) => (first < 0 ? row : first))
  const rowsOf = Map.groupBy(clusterOf.keys(), (row) => clusterOf[row] as number)
  const clusters = new Map([...rowsOf].map(([first, rows]) => [first, { rows, hash: hashOf(rows, texts) }]))
  return { copyOf, clusterOf, clusters }
}

/** That of the text with the least digest: of many texts the least hash itself would be small, and the cluster held out. */
function hashOf(rows: readonly number[], texts: readonly string[]): number {
  let [least, hash] = [Number.POSITIVE_INFINITY, 0]
  for (const row of rows) {
    const digest = createHash('sha256')
      .update(foldText(texts[row] ?? ''))
      .digest()
    const place = digest.readUIntBE(0, 6)
    if (place >= least) continue
    least = place
    hash = digest.readUInt32BE(6) / 2 ** 32
  }
  return hash
}

/** Different texts of each class. */
function countTexts({ labels, names, sets }: TextCorpus, { copyOf }: RowGroups): Int32Array {
  const seen = new Set<number>()
  const texts = new Int32Array(names.length)
  for (const [row, own] of labels.entries()) {
    for (const label of sets?.[row] ?? [own]) {
      const key = (copyOf[row] as number) * names.length + label
      if (seen.has(key)) continue
      seen.add(key)
      texts[label] = (texts[label] as number) + 1
    }
  }
  return texts
}

function checkTexts({ names }: TextCorpus, textsOf: Int32Array): void {
  const few = names.flatMap((name, label) => {
    const texts = textsOf[label] as number
    return texts < fewestTexts ? [`"${name}" has ${texts}`] : []
  })
  if (few.length === 0) return
  const more = few.length > 5 ? ` and ${few.length - 5} more labels` : ''
  const problem = `each label needs ${fewestTexts} different texts, but ${few.slice(0, 5).join(', ')}${more}`
  throw new TrainingDataError('RPT_TRAINING_NOT_ENOUGH_DATA', problem)
}

/** Whole clusters, those of the least hashes first; of each class within its bounds, of its rows and of its texts. */
function holdOut({ labels, names }: TextCorpus, groups: RowGroups, textsOf: Int32Array): Uint8Array {
  const sizes = labelSizes({ labels, classes: names.length })
  const [heldRows, heldTexts] = [new Int32Array(names.length), new Int32Array(names.length)]
  const isHeld = new Uint8Array(labels.length)
  const order = [...groups.clusters].sort(
    ([oneRow, one], [otherRow, other]) => one.hash - other.hash || oneRow - otherRow,
  )
  for (const [, { rows, hash }] of order) {
    const ofLabel = Map.groupBy(rows, (row) => labels[row] as number)
    const isWanted =
      hash < heldShare ||
      [...ofLabel.keys()].some((label) => (heldRows[label] as number) < bound(heldBounds.least, sizes[label]))
    if (!isWanted) continue
    const taken = [...ofLabel].map(([label, own]) => ({
      label,
      rows: (heldRows[label] as number) + own.length,
      texts: (heldTexts[label] as number) + new Set(own.map((row) => groups.copyOf[row])).size,
    }))
    const fits = taken.every(
      (each) =>
        each.rows <= bound(heldBounds.most, sizes[each.label]) &&
        each.texts <= bound(heldBounds.most, textsOf[each.label]),
    )
    if (!fits) continue
    for (const each of taken) {
      heldRows[each.label] = each.rows
      heldTexts[each.label] = each.texts
    }
    for (const row of rows) isHeld[row] = 1
  }
  return isHeld
}

const bound = (share: number, size = 0): number => Math.ceil(share * size)

function countNearDuplicates({ copyOf, clusters }: RowGroups): number {
  let count = 0
  for (const { rows } of clusters.values()) {
    const [first] = rows
    if (rows.some((row) => copyOf[row] !== first)) count += rows.length
  }
  return count
}

/** Folds of whole clusters; one that holds so much of its label that the other folds would lack it is cut into its texts. */
function drawFolds(
  { labels, names }: Pick<TextCorpus, 'labels' | 'names'>,
  { copyOf, clusterOf, clusters }: RowGroups,
  train: Int32Array,
): Pick<CorpusSplit, 'folds' | 'foldOf'> {
  const wanted = train.length < fewRows ? 5 : 3
  const sizes = labelSizes({ labels: train.map((row) => labels[row] as number), classes: names.length })
  const isCut = (first: number): boolean =>
    (clusters.get(first)?.rows.length ?? 0) > (mostOfFold * (sizes[labels[first] as number] as number)) / wanted
  const unitOf = train.map((row) => {
    const first = clusterOf[row] as number
    return isCut(first) ? (copyOf[row] as number) : first
  })
  const units = [...new Set(unitOf)]
  const folds = Math.min(wanted, units.length)
  const ofUnit = stratifiedFolds(
    Int32Array.from(units, (row) => labels[row] as number),
    folds,
    seed,
  )
  const foldOfUnit = new Map(units.map((unit, at) => [unit, ofUnit[at] as number]))
  return { folds, foldOf: unitOf.map((unit) => foldOfUnit.get(unit) as number) }
}
