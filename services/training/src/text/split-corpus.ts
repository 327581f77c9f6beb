import { createHash } from 'node:crypto'
import { foldText } from '@rapport/datasets'
import {
  createPacer,
  findLabelConflicts,
  findNearDuplicates,
  firstOfEqualSets,
  stratifiedFolds,
  type LabelConflict,
  type TokenSets,
  type TrainingControl,
} from '@rapport/ml'
import { TextVectorizerFitter } from '@rapport/text'
import { TrainingDataError } from '../errors.ts'
import { seed } from '../training-context.ts'
import { classSizes, type TextCorpus } from './corpus.ts'

/** Where rows of a corpus go. Rows whose texts are the same but for white space and case stay together, and so do near-duplicates of the two parts. */
export interface CorpusSplit {
  /** Rows of the corpus, ascending. */
  readonly train: Int32Array
  readonly held: Int32Array
  readonly folds: number
  /** Fold of each training row. */
  readonly foldOf: Int32Array
  /** Rows that would be held out, but for a near-duplicate among the training rows. */
  readonly nearDuplicates: number
  readonly conflicts: readonly LabelConflict[]
}

const heldShare = 0.2
/** Of a class, whatever its rows' hashes are. */
const heldBounds = { least: 0.1, most: 0.3 } as const
const similarity = 0.8
const fewestHeld = 5
/** Below so many training rows folds are many, since each says little. */
const fewRows = 5000

/**
 * Splits by a hash of the texts, so that a row is held out in every version of a data set or in none, class by class: about
 * a fifth of each. @throws TrainingDataError when the texts are too much alike to hold any out.
 */
export async function splitCorpus(corpus: TextCorpus, control: TrainingControl): Promise<CorpusSplit> {
  const sets = await toTokenSets(corpus.texts, control)
  const groups = groupRows(corpus, sets)
  const isHeld = holdOut(corpus, groups)
  const nearDuplicates = await moveNearDuplicates(sets, groups, isHeld, control)
  const rows = Int32Array.from(corpus.labels.keys())
  const train = rows.filter((row) => isHeld[row] === 0)
  const held = rows.filter((row) => isHeld[row] === 1)
  const heldClasses = new Set(held.map((row) => corpus.labels[row] as number)).size
  if (held.length < fewestHeld || heldClasses < 2) {
    const found = `only ${held.length} rows of ${heldClasses} labels differ enough from the others to be tested`
    throw new TrainingDataError('RPT_TRAINING_NOT_ENOUGH_DATA', `${found}; add rows with different texts`)
  }
  const { conflicts } = findLabelConflicts(sets, corpus.labels)
  return { train, held, nearDuplicates, conflicts, ...drawFolds(corpus, groups, train) }
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

interface RowGroups {
  /** First row of each row's group, itself for the first. */
  readonly firstOf: Int32Array
  readonly members: ReadonlyMap<number, readonly number[]>
  /** By first row: the least hash of the group's texts, as a share of 1. */
  readonly hashOf: ReadonlyMap<number, number>
}

function groupRows({ texts }: TextCorpus, sets: TokenSets): RowGroups {
  const firstOf = firstOfEqualSets(sets).map((first, row) => (first < 0 ? row : first))
  const members = new Map<number, number[]>()
  const hashOf = new Map<number, number>()
  for (const [row, text] of texts.entries()) {
    const first = firstOf[row] as number
    const group = members.get(first)
    if (group === undefined) members.set(first, [row])
    else group.push(row)
    hashOf.set(first, Math.min(hashOf.get(first) ?? 1, hashText(text)))
  }
  return { firstOf, members, hashOf }
}

const hashText = (text: string): number => createHash('sha256').update(foldText(text)).digest().readUInt32BE() / 2 ** 32

function holdOut({ labels, names }: TextCorpus, { members, hashOf }: RowGroups): Uint8Array {
  const sizes = classSizes(labels, names.length)
  const taken = new Int32Array(names.length)
  const isHeld = new Uint8Array(labels.length)
  const order = [...hashOf].sort(([oneRow, one], [otherRow, other]) => one - other || oneRow - otherRow)
  for (const [first, hash] of order) {
    const label = labels[first] as number
    const group = members.get(first) ?? []
    const size = sizes[label] as number
    const before = taken[label] as number
    const isWanted = hash < heldShare || before < Math.ceil(heldBounds.least * size)
    if (!isWanted || before + group.length > Math.ceil(heldBounds.most * size)) continue
    taken[label] = before + group.length
    for (const row of group) isHeld[row] = 1
  }
  return isHeld
}

/** Until no held-out row has a near-duplicate among the training rows; the number of rows moved. */
async function moveNearDuplicates(
  sets: TokenSets,
  { firstOf, members }: RowGroups,
  isHeld: Uint8Array,
  control: TrainingControl,
): Promise<number> {
  const pacer = createPacer(control)
  const rows = Int32Array.from(isHeld.keys())
  let train = rows.filter((row) => isHeld[row] === 0)
  let moved = 0
  while (train.length > 0) {
    const held = rows.filter((row) => isHeld[row] === 1)
    const found = new Set(
      findNearDuplicates(sets, { train, held, threshold: similarity }).map((pair) => firstOf[pair.held] as number),
    )
    // Only what has just been moved can be like another row that is still held out.
    train = Int32Array.from([...found].flatMap((first) => members.get(first) ?? []))
    for (const row of train) isHeld[row] = 0
    moved += train.length
    await pacer.pause(1)
  }
  return moved
}

function drawFolds(
  { labels }: TextCorpus,
  { firstOf }: RowGroups,
  train: Int32Array,
): Pick<CorpusSplit, 'folds' | 'foldOf'> {
  const firsts = [...new Set(train.map((row) => firstOf[row] as number))]
  const folds = Math.min(train.length < fewRows ? 5 : 3, firsts.length)
  const ofGroup = stratifiedFolds(
    Int32Array.from(firsts, (row) => labels[row] as number),
    folds,
    seed,
  )
  const foldOfFirst = new Map(firsts.map((first, at) => [first, ofGroup[at] as number]))
  return { folds, foldOf: train.map((row) => foldOfFirst.get(firstOf[row] as number) as number) }
}
