import { availableParallelism } from 'node:os'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { argumentError } from '../../errors.ts'
import { shareCsr, sharedDoubles, sharedFloats, sharedIntegers } from '../../parallel/shared.ts'
import { WorkerPool } from '../../parallel/worker-pool.ts'
import { csrBytes, transposeCsr, type CsrMatrix } from '../../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../../training-control.ts'
import type { FactorModel } from '../scorer-model.ts'
import { createWorkspace, finishGram, partialGramLength, runTask, type IalsProblem, type IalsStep } from './problem.ts'

export interface IalsParameters {
  readonly factors: number
  readonly epochs: number
  /** Weight of every cell nobody has touched (alpha_0). */
  readonly alpha0: number
  /** lambda; a row's ridge is `lambda (its strength + alpha0 * rows of the other side)^nu`. */
  readonly regularization: number
  /** nu; 1 (default) scales the ridge with the frequency, 0 not at all. */
  readonly regularizationExponent?: number
  readonly seed: number
  /** Worker threads; all cores when absent. 1, or a small problem, is solved on the calling thread. The model is the same. */
  readonly threads?: number
}

export interface IalsResult {
  readonly model: FactorModel
  /** users x factors, row-major: the last solution of the user side. */
  readonly userFactors: Float32Array
}

/** Below this many multiplications a run is over before threads have started. */
const workForThreads = 2e8

/**
 * Implicit alternating least squares (Hu, Koren, Volinsky 2008) in the form of Rendle et al. 2022, "Revisiting the
 * Performance of iALS": observed cells of users x items have target 1 and their value as weight, every cell has target 0 and
 * weight alpha0 besides; each row is solved exactly by Cholesky. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainIals(
  interactions: CsrMatrix,
  parameters: IalsParameters,
  control: TrainingControl = {},
): Promise<IalsResult> {
  checkArguments(interactions, parameters)
  control.signal?.throwIfAborted()
  const problem = createProblem(interactions, parameters)
  const threads = threadsFor(interactions, parameters)
  await using runner =
    threads > 1 ? await createPoolRunner(problem, threads, control) : createLocalRunner(problem, control)
  const steps: readonly IalsStep[] = [
    { kind: 'gram', side: 'items' },
    { kind: 'solve', side: 'users' },
    { kind: 'gram', side: 'users' },
    { kind: 'solve', side: 'items' },
  ]
  for (let epoch = 0; epoch < parameters.epochs; epoch += 1) {
    for (const [index, step] of steps.entries()) {
      Atomics.store(problem.nextTask, 0, 0)
      await runner.run(step)
      if (step.kind === 'gram') finishGram(problem)
      control.onProgress?.((epoch + (index + 1) / steps.length) / parameters.epochs)
    }
  }
  Atomics.store(problem.nextTask, 0, 0)
  await runner.run({ kind: 'gram', side: 'items' })
  finishGram(problem)
  return { model: toModel(problem, parameters), userFactors: problem.users.rows }
}

/** Peak bytes of `trainIals` on users x items with that many entries, its input counted. */
export function estimateIalsBytes(
  shape: { readonly users: number; readonly items: number; readonly entries: number },
  parameters: Pick<IalsParameters, 'factors' | 'threads'>,
): number {
  const { users, items, entries } = shape
  const { factors, threads = availableParallelism() } = parameters
  const matrices = 2 * csrBytes(users, entries) + 2 * csrBytes(items, entries)
  const rows = 4 * factors * (users + 2 * items)
  const heapOfThread = 16 * 1024 * 1024
  return matrices + rows + 8 * partialGramLength(factors) + threads * (heapOfThread + 16 * factors * factors)
}

interface Runner extends AsyncDisposable {
  run(step: IalsStep): Promise<void>
}

async function createPoolRunner(problem: IalsProblem, threads: number, control: TrainingControl): Promise<Runner> {
  try {
    const pool = await WorkerPool.start(new URL('./worker.ts', import.meta.url), problem, threads)
    return {
      run: (step) => pool.run(step, control.signal),
      [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
    }
  } catch (error) {
    control.log?.warn({ err: error }, 'training threads did not start: going on with one thread')
    return createLocalRunner(problem, control)
  }
}

function createLocalRunner(problem: IalsProblem, control: TrainingControl): Runner {
  const workspace = createWorkspace(problem)
  const pacer = createPacer({ ...(control.signal && { signal: control.signal }) })
  return {
    async run(step) {
      while (runTask(problem, step, workspace)) if (pacer.due()) await pacer.pause(0)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

function createProblem(interactions: CsrMatrix, parameters: IalsParameters): IalsProblem {
  const { factors, alpha0, regularization, regularizationExponent = 1 } = parameters
  const itemRows = sharedFloats(interactions.columns * factors)
  fillNormal(itemRows, parameters.seed, 0.1 / Math.sqrt(factors))
  return {
    factors,
    alpha0,
    regularization,
    regularizationExponent,
    users: { interactions: shareCsr(interactions), rows: sharedFloats(interactions.rows * factors) },
    items: { interactions: shareCsr(transposeCsr(interactions)), rows: itemRows },
    partialGrams: sharedDoubles(partialGramLength(factors)),
    gram: sharedDoubles(factors * factors),
    nextTask: sharedIntegers(1),
  }
}

/** Copied out of shared memory, so that the training's memory goes when the run ends. */
function toModel(problem: IalsProblem, parameters: IalsParameters): FactorModel {
  const { threads: _threads, ...recorded } = parameters
  return {
    algorithm: 'ials',
    itemCount: problem.items.interactions.rows,
    parameters: { ...recorded },
    factors: problem.factors,
    alpha0: problem.alpha0,
    regularization: problem.regularization,
    regularizationExponent: problem.regularizationExponent,
    itemFactors: Float32Array.from(problem.items.rows),
    gram: Float64Array.from(problem.gram),
  }
}

/** Normally distributed values by the polar method of Marsaglia and Bray (1964). */
function fillNormal(out: Float32Array, seed: number, deviation: number): void {
  const random = xoroshiro128plus(seed)
  for (let index = 0; index < out.length;) {
    const x = 2 * uniformFloat64(random) - 1
    const y = 2 * uniformFloat64(random) - 1
    const square = x * x + y * y
    if (square >= 1 || square === 0) continue
    const scale = deviation * Math.sqrt((-2 * Math.log(square)) / square)
    out[index] = x * scale
    if (index + 1 < out.length) out[index + 1] = y * scale
    index += 2
  }
}

function threadsFor(
  interactions: CsrMatrix,
  { factors, epochs, threads = availableParallelism() }: IalsParameters,
): number {
  const work =
    (interactions.indices.length + (interactions.rows + interactions.columns) * factors) * factors * factors * epochs
  return work < workForThreads ? 1 : threads
}

function checkArguments(interactions: CsrMatrix, parameters: IalsParameters): void {
  for (const name of ['factors', 'epochs', 'threads'] as const) {
    const value = parameters[name] ?? 1
    if (!Number.isInteger(value) || value < 1) throw argumentError(name, `is ${value}, not a positive integer`)
  }
  if (!(parameters.regularization > 0))
    throw argumentError('regularization', `is ${parameters.regularization}, not positive`)
  if (!(parameters.alpha0 >= 0)) throw argumentError('alpha0', `is ${parameters.alpha0}, not 0 or more`)
  const { values } = interactions
  for (let entry = 0; entry < values.length; entry += 1) {
    const value = values[entry] as number
    if (!(value > 0) || !Number.isFinite(value))
      throw argumentError(`values[${entry}]`, `is ${value}, not positive and finite`)
  }
}
