import { createHash } from 'node:crypto'
import type { TrainingDevice } from '@rapport/contracts'
import { RapportError, type Log } from '@rapport/core'
import type * as deepModule from '@rapport/deep'
import type {
  BackendDescription,
  CheckpointStore,
  EpochReport,
  NetworkParameters,
  NetworkWeights,
  TokenIds,
  TrainingOptions,
  TrainingResult,
} from '@rapport/deep'
import { createPacer, readNetwork, type TrainingControl } from '@rapport/ml'
import { buildVocabulary, createTokenEncoder, TextTokenizer, toTextAnalysis, vocabularyIds } from '@rapport/text'
import { networkScores, type NetworkTextScorer } from '@rapport/text-models'
import { TrainingDataError } from '../../errors.ts'
import { seed, within } from '../../training-context.ts'
import { assertMemory } from '../assert-memory.ts'
import { toUserWords } from '../own-words.ts'
import type { LabelledTexts } from '../targets.ts'
import { estimateNetworkBytes } from './network-memory.ts'
import type { NetworkRecipe } from './network-recipe.ts'

export interface NetworkEpoch extends EpochReport {
  readonly algorithm: NetworkRecipe['algorithm']
  /** At most. */
  readonly epochs: number
}

export interface NetworkTrainerOptions {
  readonly device: TrainingDevice
  readonly log: Log
  /** Of the whole process. */
  readonly memoryLimitBytes: number
  readonly onEpoch?: (epoch: NetworkEpoch) => void
  /** Where a training of that name keeps its epochs, so that one that was killed goes on. */
  readonly checkpoints?: (name: string) => CheckpointStore
}

export interface TrainedNetwork {
  /** What its epochs took, those before an interruption, too. */
  readonly trainingMs: number
  /** What it would serve for those texts, texts x classes, by the backend that trained it, which takes many at once. */
  readonly score: (texts: readonly string[], control: TrainingControl) => Promise<Float32Array>
}

type OnTexts<Outcome> = (recipe: NetworkRecipe, part: LabelledTexts, control: TrainingControl) => Promise<Outcome>

/** Both throw TrainingDataError when it does not fit into memory, RPT_DEEP_DIVERGED, and RPT_DEEP_FAILED. */
export interface NetworkTrainer {
  readonly backend: BackendDescription
  /** On nine tenths of the texts; the others say when to stop. */
  readonly train: OnTexts<TrainedNetwork>
  /** The same, then anew on all texts for as many epochs as did best: what would serve. */
  readonly fit: OnTexts<NetworkTextScorer>
}

/** The trainer of a job, opened where a network is to be trained. */
export type OpenNetworks = () => Promise<NetworkTrainer>

/** Of the texts, for early stopping. */
const validationFraction = 0.1
/** Without a better epoch training ends after so many steps, but between so many epochs: those of few texts say little. */
const patience = { steps: 150, leastEpochs: 2, mostEpochs: 8 } as const
/** Of all gradients together (Pascanu et al. 2013). */
const gradientNorm = 5

/**
 * Loads TensorFlow.js, which a job without networks never does, and says what it computes on. @throws TrainingDataError
 * where a GPU is asked for and there is none.
 */
export async function openNetworkTrainer(options: NetworkTrainerOptions): Promise<NetworkTrainer> {
  const { device, log } = options
  const deep = await import('@rapport/deep')
  const backend = await openBackend(deep, device)
  const { fallbackReason, name: computesOn, ...described } = backend
  log.info({ backend: computesOn, ...described }, 'networks are trained here')
  if (backend.name === 'wasm')
    log.warn({ reason: fallbackReason }, 'networks are trained on WebAssembly, which is slow')
  return {
    backend,
    train: async (recipe, part, control) => train(await prepare(deep, recipe, { ...options, part, control })),
    fit: async (recipe, part, control) => fit(await prepare(deep, recipe, { ...options, part, control })),
  }
}

/** Opens the trainer at the first call. */
export function openNetworksOnce(options: NetworkTrainerOptions): OpenNetworks {
  let opened: Promise<NetworkTrainer> | undefined
  return () => (opened ??= openNetworkTrainer(options))
}

type Deep = typeof deepModule

async function openBackend(deep: Deep, device: TrainingDevice): Promise<BackendDescription> {
  try {
    return await deep.openBackend(device)
  } catch (error) {
    if (!(error instanceof RapportError) || error.code !== 'RPT_DEEP_GPU_UNAVAILABLE') throw error
    const problem = `the job asks for a GPU, and there is none here: ${error.message}`
    throw new TrainingDataError('RPT_TRAINING_NO_GPU', problem, { cause: error })
  }
}

interface Training extends NetworkTrainerOptions {
  readonly part: LabelledTexts
  readonly control: TrainingControl
}

/** A network's form and its texts, read once for all that is trained on them. */
interface Prepared {
  readonly deep: Deep
  readonly recipe: NetworkRecipe
  readonly training: Training
  readonly parameters: NetworkParameters
  readonly tokens: TokenIds
  /** How the network reads texts when it serves. */
  readonly reading: Pick<NetworkTextScorer, 'analysis' | 'vocabulary' | 'encoding'>
  readonly read: (texts: readonly string[], control: TrainingControl) => Promise<TokenIds>
}

async function prepare(deep: Deep, recipe: NetworkRecipe, training: Training): Promise<Prepared> {
  const { part, control, memoryLimitBytes } = training
  const { algorithm, tokens, network } = recipe
  const analysis = toTextAnalysis({ analyzer: tokens.analyzer, userWords: toUserWords(tokens.dictionary) })
  const tokenizer = new TextTokenizer(analysis)
  const documents = await tokenise(tokenizer, part.texts, control)
  const { minDocuments, maxTokens, length } = tokens
  const vocabulary = buildVocabulary(documents, { minDocuments, maxTokens })
  const encoding = { length, pad: 'left', keep: 'both' } as const
  const encode = createTokenEncoder(vocabulary, encoding)
  const parameters = toParameters(recipe, { vocabulary: vocabularyIds(vocabulary), outputs: part.classes })
  assertMemory(algorithm, estimateNetworkBytes(parameters, network.batchSize, part.texts.length), memoryLimitBytes)
  return {
    deep,
    recipe,
    training,
    parameters,
    tokens: encode(documents),
    reading: { analysis, vocabulary, encoding },
    read: async (texts, reading) => encode(await tokenise(tokenizer, texts, reading)),
  }
}

async function train(prepared: Prepared): Promise<TrainedNetwork> {
  const { deep, read, parameters } = prepared
  const { network, history } = await runEpochs(prepared, { until: earlyStop(prepared), from: 0, to: 1 })
  return {
    trainingMs: 1000 * history.reduce((sum, { seconds }) => sum + seconds, 0),
    score: async (texts, { signal }) => {
      const ids = await read(texts, { ...(signal && { signal }) })
      return networkScores(await deep.predictOutputs(network, ids, { signal }), parameters.outputs)
    },
  }
}

async function fit(prepared: Prepared): Promise<NetworkTextScorer> {
  const stopped = await runEpochs(prepared, { until: earlyStop(prepared), from: 0, to: 0.5 })
  // Of few texts none may have been put aside.
  const wasOnAll = stopped.history.at(-1)?.validation === undefined
  const { network } = wasOnAll
    ? stopped
    : await runEpochs(prepared, { until: { epochs: stopped.bestEpoch }, from: 0.5, to: 1 })
  return toScorer(prepared, network)
}

function toScorer({ deep, reading }: Prepared, network: NetworkWeights): NetworkTextScorer {
  const files = deep.toModelFiles(network, 'softmax')
  return { kind: 'network', ...reading, network: readNetwork(files), files }
}

interface EpochRun {
  /** Without a validation part it is on all texts. */
  readonly until: Pick<TrainingOptions, 'epochs' | 'validationFraction' | 'patience'>
  /** Its share of the progress. */
  readonly from: number
  readonly to: number
}

const earlyStop = ({ recipe, training: { part } }: Prepared): EpochRun['until'] => ({
  epochs: recipe.network.epochs,
  validationFraction,
  patience: patienceOf(recipe, part),
})

async function runEpochs(
  { deep, recipe, training, parameters, tokens }: Prepared,
  { until, from, to }: EpochRun,
): Promise<TrainingResult> {
  const { part, control, log, onEpoch, checkpoints } = training
  const { algorithm, network } = recipe
  const { batchSize, learningRate, balanced } = network
  const isOnAll = until.validationFraction === undefined
  const result = await deep.trainNetwork(
    parameters,
    { tokens, targets: { kind: 'classes', labels: part.labels } },
    { ...until, batchSize, learningRate, gradientNorm, seed, ...(balanced === true && { classWeights: 'balanced' }) },
    {
      ...(control.signal && { signal: control.signal }),
      ...(checkpoints && {
        checkpoints: checkpoints(`${algorithm}-${digestOf(recipe, part)}${isOnAll ? '-all' : ''}`),
      }),
      log,
      onStep: ({ fraction }) => control.onProgress?.(within(from, to, fraction)),
      onEpoch: (epoch) => onEpoch?.({ ...epoch, algorithm, epochs: until.epochs }),
    },
  )
  const { firstStepMs, bestEpoch, resumedEpochs } = result
  log.info({ algorithm, rows: tokens.rows, isOnAll, firstStepMs, bestEpoch, resumedEpochs }, 'a network is trained')
  return result
}

async function tokenise(
  tokenizer: TextTokenizer,
  texts: readonly string[],
  { signal }: Pick<TrainingControl, 'signal'>,
): Promise<readonly (readonly string[])[]> {
  const pacer = createPacer({ ...(signal && { signal }) })
  const documents: (readonly string[])[] = []
  for (const text of texts) {
    if (pacer.due()) await pacer.pause(0)
    documents.push(tokenizer.tokens(text))
  }
  return documents
}

function patienceOf({ network: { batchSize } }: NetworkRecipe, { texts }: LabelledTexts): number {
  const epochs = Math.ceil((patience.steps * batchSize) / texts.length)
  return Math.min(patience.mostEpochs, Math.max(patience.leastEpochs, epochs))
}

function toParameters(
  { algorithm, tokens: { length }, network }: NetworkRecipe,
  sizes: Pick<NetworkParameters, 'vocabulary' | 'outputs'>,
): NetworkParameters {
  const { embedding, dropout, embeddingDropout, filters = 0, windows = [], units = 0, pool = 0 } = network
  const base = { ...sizes, length, embedding, dropout, embeddingDropout }
  switch (algorithm) {
    case 'text-cnn':
      return { ...base, kind: algorithm, windows, filters }
    case 'cnn-lstm':
      return { ...base, kind: algorithm, window: windows[0] ?? 0, filters, pool, units, readout: 'max' }
    case 'bilstm':
    case 'lstm':
      return { ...base, kind: algorithm, units, readout: 'max' }
  }
}

/** Of what is learnt by what: a job that begins anew finds the epochs of the same training alone. */
function digestOf(recipe: NetworkRecipe, { texts, labels }: LabelledTexts): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).update(labels)
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex').slice(0, 32)
}
