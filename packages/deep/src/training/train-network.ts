import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Log, RapportError } from '@rapport/core'
import { type BackendDescription, describeBackend } from '../backend/open-backend.ts'
import { argumentError, computing } from '../errors.ts'
import { checkParameters, type NetworkParameters } from '../networks/parameters.ts'
import { initialWeights, type NetworkWeights } from '../networks/weights.ts'
import { randomStream, shuffledIndices } from '../random/streams.ts'
import type { TokenIds } from './token-ids.ts'
import { Adam } from './adam.ts'
import { type CheckpointStore, decodeCheckpoint, encodeCheckpoint, type TrainingState } from './checkpoint.ts'
import { bestEpochOf, type Monitor } from './early-stopping.ts'
import { scoreOutputs } from './loss.ts'
import { predictOutputs } from './predict-outputs.ts'
import type { EpochReport, StepReport } from './reports.ts'
import { checkTargets, rowWeights, type Targets, type Weighting } from './targets.ts'
import { TrainingStep } from './training-step.ts'
import { type RowSplit, splitRows } from './validation-split.ts'

export interface TrainingOptions extends Weighting {
  /** At most. */
  readonly epochs: number
  readonly seed: number
  /** Documents a step; 64 when absent. */
  readonly batchSize?: number
  /** 0.001 when absent. */
  readonly learningRate?: number
  /** The largest length of all gradients together; no limit when absent. */
  readonly gradientNorm?: number
  /** Share of the rows that is only validated on; 0 (none, and no early stop) when absent. */
  readonly validationFraction?: number
  /** Epochs without a better one after which training stops; 3 when absent. */
  readonly patience?: number
  /** What makes an epoch better; the validation loss when absent. */
  readonly monitor?: Monitor
}

export interface TrainingHooks {
  /** Stops before the next step; the training rejects with the signal's reason. */
  readonly signal?: AbortSignal
  readonly onStep?: (report: StepReport) => void
  readonly onEpoch?: (report: EpochReport) => void
  /** Where given, a run goes on after its last finished epoch, to the same result as if it had not been interrupted. */
  readonly checkpoints?: CheckpointStore
  readonly log?: Log
}

export interface TrainingResult {
  /** The weights after `bestEpoch`. */
  readonly network: NetworkWeights
  readonly bestEpoch: number
  readonly history: readonly EpochReport[]
  readonly backend: BackendDescription
  /** Of this process; absent where nothing was left to do. */
  readonly firstStepMs?: number
  /** Epochs that were taken from a checkpoint. */
  readonly resumedEpochs: number
}

/**
 * Trains a network from scratch on the backend that `openBackend` chose. The same input, options and backend give the same
 * network. The event loop turns after each step. Throws RPT_DEEP_ARGUMENT_INVALID, RPT_DEEP_DIVERGED when the loss is no number
 * any more, and RPT_DEEP_FAILED with the cause when TensorFlow.js does.
 */
export async function trainNetwork(
  parameters: NetworkParameters,
  data: { readonly tokens: TokenIds; readonly targets: Targets },
  options: TrainingOptions,
  hooks: TrainingHooks = {},
): Promise<TrainingResult> {
  const backend = describeBackend()
  check(parameters, data, options)
  hooks.signal?.throwIfAborted()
  const run = await beginRun(parameters, data, options, hooks)
  const resumedEpochs = run.history.length
  const firstStepMs = await runEpochs(run, options, hooks)
  const bestEpoch = run.best === undefined ? run.history.length : bestEpochOf(run.history, options.monitor)
  const { network } = run
  const kept = run.best ?? network.weights.map(({ values }) => values)
  const weights = network.weights.map((weight, index) => ({ ...weight, values: kept[index] as Float32Array }))
  return {
    network: { parameters, weights },
    bestEpoch,
    history: run.history,
    backend,
    ...(firstStepMs === undefined ? {} : { firstStepMs }),
    resumedEpochs,
  }
}

interface Run {
  readonly network: NetworkWeights
  readonly data: { readonly tokens: TokenIds; readonly targets: Targets }
  /** One a row. */
  readonly weights: Float64Array
  readonly split: RowSplit
  readonly adam: Adam
  readonly step: TrainingStep
  readonly history: EpochReport[]
  readonly fingerprint: string
  best: readonly Float32Array[] | undefined
}

async function beginRun(
  parameters: NetworkParameters,
  data: { readonly tokens: TokenIds; readonly targets: Targets },
  options: TrainingOptions,
  hooks: TrainingHooks,
): Promise<Run> {
  const { tokens, targets } = data
  const { seed, learningRate = 0.001, validationFraction: fraction = 0, gradientNorm: largestNorm = Infinity } = options
  const weights = rowWeights(targets, tokens.rows, parameters.outputs, options)
  const fingerprint = fingerprintOf({ parameters, options }, [tokens.ids, weights, valuesOf(targets)])
  const state = await restore(fingerprint, hooks)
  const fresh = initialWeights(parameters, seed)
  const restored = fresh.weights.map((weight, index) => ({ ...weight, values: state?.weights[index] ?? weight.values }))
  const network = { parameters, weights: restored }
  const lengths = restored.map(({ values }) => values.length)
  const adam = new Adam(lengths, learningRate, state?.adam)
  const step = new TrainingStep(network, { tokens, targets, weights }, { adam, largestNorm })
  const split = splitRows(targets, tokens.rows, { fraction, seed })
  return {
    network,
    data,
    weights,
    split,
    adam,
    step,
    history: [...(state?.history ?? [])],
    fingerprint,
    best: state?.best,
  }
}

async function restore(fingerprint: string, { checkpoints, log }: TrainingHooks): Promise<TrainingState | undefined> {
  const bytes = await checkpoints?.load()
  if (bytes === undefined) return undefined
  const state = decodeCheckpoint(fingerprint, bytes)
  if (!('problem' in state)) return state
  log?.warn({ problem: state.problem }, 'training begins anew')
  return undefined
}

/** Returns the milliseconds of the first step. */
async function runEpochs(run: Run, options: TrainingOptions, hooks: TrainingHooks): Promise<number | undefined> {
  const { history } = run
  let firstStepMs: number | undefined
  while (history.length < options.epochs && !isOver(history, options)) {
    const started = performance.now()
    const { loss, firstMs } = await runEpoch(run, options, hooks)
    firstStepMs ??= firstMs
    const validation = await validate(run, hooks)
    history.push({
      epoch: history.length + 1,
      loss,
      ...(validation && { validation }),
      seconds: (performance.now() - started) / 1000,
    })
    if (validation !== undefined && bestEpochOf(history, options.monitor) === history.length)
      run.best = run.network.weights.map(({ values }) => values.slice())
    const state = {
      history,
      weights: run.network.weights.map(({ values }) => values),
      adam: run.adam.state,
      best: run.best,
    }
    await hooks.checkpoints?.save(encodeCheckpoint(run.fingerprint, state))
    hooks.onEpoch?.(history.at(-1) as EpochReport)
  }
  return firstStepMs
}

function isOver(history: readonly EpochReport[], { patience = 3, monitor }: TrainingOptions): boolean {
  if (history.at(-1)?.validation === undefined) return false
  return history.length - bestEpochOf(history, monitor) >= patience
}

async function runEpoch(
  run: Run,
  options: TrainingOptions,
  hooks: TrainingHooks,
): Promise<{ loss: number; firstMs: number }> {
  const { seed, batchSize = 64, epochs } = options
  const { training } = run.split
  const done = run.history.length
  const epoch = done + 1
  const order = shuffledIndices(training.length, randomStream(seed, epoch)).map((index) => training[index] as number)
  const steps = Math.ceil(order.length / batchSize)
  let sum = 0
  let firstMs = 0
  for (let step = 1; step <= steps; step += 1) {
    const rows = order.subarray((step - 1) * batchSize, step * batchSize)
    const started = performance.now()
    const loss = computing(`step ${step} of epoch ${epoch}`, () => run.step.run(rows, { seed, epoch, step }))
    if (step === 1) firstMs = performance.now() - started
    if (!Number.isFinite(loss))
      throw new RapportError('RPT_DEEP_DIVERGED', `the loss of step ${step} in epoch ${epoch} is ${loss}`)
    sum += loss * rows.length
    hooks.onStep?.({ epoch, step, steps, loss, fraction: (done + step / steps) / epochs })
    await nextTurn()
    hooks.signal?.throwIfAborted()
  }
  return { loss: sum / order.length, firstMs }
}

async function validate(run: Run, { signal }: TrainingHooks): Promise<EpochReport['validation']> {
  const rows = run.split.validation
  if (rows.length === 0) return undefined
  const outputs = await predictOutputs(run.network, run.data.tokens, { rows, signal })
  const { loss, accuracy } = scoreOutputs(outputs, run.data.targets, { rows, weights: run.weights })
  return run.data.targets.kind === 'values' ? { loss } : { loss, accuracy }
}

const valuesOf = (targets: Targets): ArrayBufferView => (targets.kind === 'classes' ? targets.labels : targets.values)

function fingerprintOf(description: object, arrays: readonly ArrayBufferView[]): string {
  const hash = createHash('sha256').update(JSON.stringify(description))
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return hash.digest('hex')
}

function check(
  parameters: NetworkParameters,
  { tokens, targets }: { readonly tokens: TokenIds; readonly targets: Targets },
  { epochs, batchSize = 64, validationFraction = 0 }: TrainingOptions,
): void {
  checkParameters(parameters)
  for (const [name, value] of Object.entries({ epochs, batchSize, rows: tokens.rows })) {
    if (!Number.isInteger(value) || value < 1) throw argumentError(name, `is ${value}, not a positive integer`)
  }
  if (!(validationFraction >= 0 && validationFraction < 1))
    throw argumentError('validationFraction', `is ${validationFraction}, not from 0 to below 1`)
  if (tokens.length !== parameters.length)
    throw argumentError('tokens', `have length ${tokens.length}, not ${parameters.length}`)
  if (tokens.ids.length !== tokens.rows * tokens.length)
    throw argumentError('tokens', `are ${tokens.ids.length}, not ${tokens.rows * tokens.length}`)
  const wrong = tokens.ids.find((id) => id < 0 || id >= parameters.vocabulary)
  if (wrong !== undefined) throw argumentError('tokens', `have ${wrong}, not within 0..${parameters.vocabulary - 1}`)
  checkTargets(targets, tokens.rows, parameters.outputs)
}
