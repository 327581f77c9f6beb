import { gramMatrix } from '../../linalg/gram.ts'
import { LeastSquares } from '../../linalg/least-squares.ts'
import type { CsrMatrix } from '../../sparse/csr.ts'
import { ridgeFor } from '../factor-scorer.ts'

/** One side of the factorisation: its interactions (rows of this side) and its factors, rows x factors. */
export interface Side {
  readonly interactions: CsrMatrix
  readonly rows: Float32Array
}

/** All state of a training run, in shared memory, so that any number of threads work on it. */
export interface IalsProblem {
  readonly factors: number
  readonly alpha0: number
  readonly regularization: number
  readonly regularizationExponent: number
  readonly users: Side
  readonly items: Side
  /** `gramSlices` partial sums of `Y^T Y`, factors x factors each. */
  readonly partialGrams: Float64Array
  /** `Y^T Y` of the fixed side. */
  readonly gram: Float64Array
  /** The next task nobody has taken. */
  readonly nextTask: Int32Array
}

/** A step of the alternation: the Gram matrix of one side, or the solution of one side with the other fixed. */
export interface IalsStep {
  readonly kind: 'gram' | 'solve'
  readonly side: 'users' | 'items'
}

/** Fixed, so that sums, and with them the model, do not depend on the number of threads. */
const gramSlices = 16
const rowsPerTask = 64

export const partialGramLength = (factors: number): number => gramSlices * factors * factors

export const taskCount = (problem: IalsProblem, step: IalsStep): number =>
  step.kind === 'gram' ? gramSlices : Math.ceil(problem[step.side].interactions.rows / rowsPerTask)

/** The working memory of a thread. */
export interface IalsWorkspace {
  readonly system: LeastSquares
}

export const createWorkspace = (problem: IalsProblem): IalsWorkspace => ({ system: new LeastSquares(problem.factors) })

/** Takes the next task of the step and does it; false when none is left. */
export function runTask(problem: IalsProblem, step: IalsStep, workspace: IalsWorkspace): boolean {
  const task = Atomics.add(problem.nextTask, 0, 1)
  if (task >= taskCount(problem, step)) return false
  if (step.kind === 'gram') sumGramSlice(problem, step.side, task, workspace.system)
  else solveRows(problem, step.side, task, workspace.system)
  return true
}

/** Adds the slices up, in their order. */
export function finishGram(problem: IalsProblem): void {
  const { gram, partialGrams } = problem
  gram.fill(0)
  for (let entry = 0; entry < partialGrams.length; entry += 1) {
    const cell = entry % gram.length
    gram[cell] = (gram[cell] as number) + (partialGrams[entry] as number)
  }
}

function sumGramSlice(problem: IalsProblem, side: 'users' | 'items', slice: number, system: LeastSquares): void {
  const { interactions, rows } = problem[side]
  const from = Math.floor((slice * interactions.rows) / gramSlices)
  const to = Math.floor(((slice + 1) * interactions.rows) / gramSlices)
  problem.partialGrams.set(gramMatrix(system, rows, from, to), slice * problem.gram.length)
}

function solveRows(problem: IalsProblem, side: 'users' | 'items', task: number, system: LeastSquares): void {
  const { interactions, rows } = problem[side]
  const fixed = problem[side === 'users' ? 'items' : 'users'].rows
  const entries = { items: interactions.indices, weights: interactions.values }
  const to = Math.min(interactions.rows, (task + 1) * rowsPerTask)
  for (let row = task * rowsPerTask; row < to; row += 1) {
    const start = interactions.starts[row] as number
    const end = interactions.starts[row + 1] as number
    const own = row * problem.factors
    if (start === end) {
      rows.fill(0, own, own + problem.factors)
      continue
    }
    let strength = 0
    for (let entry = start; entry < end; entry += 1) strength += interactions.values[entry] as number
    system.begin(problem.gram, problem.alpha0, ridgeFor(problem, strength, interactions.columns))
    system.add(fixed, entries, start, end)
    system.factor()
    system.solve()
    for (let factor = 0; factor < problem.factors; factor += 1) rows[own + factor] = system.vector[factor] as number
  }
}
