import type { Log } from '@rapport/core'
import { candidatesOf, decayingVariants, withHistoryHalfLife } from './candidates.ts'
import { type Algorithm, algorithms, parameterOf, type Recipe } from './recipe.ts'
import { type Arena, scoreOf, type Trial } from './trial.ts'

export interface SearchOptions {
  readonly budgetMs: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly log: Log
  /** Called with the used fraction of the budget. */
  readonly onProgress: (fraction: number, message: string) => void
}

/** The best trial of each algorithm on the validation part, or why there is none. */
export type SearchResult = ReadonlyMap<Algorithm, Trial>

/** Looks for parameters within a time budget: every algorithm's first recipe, then how fast
 * histories fade, then the other recipes in turn. */
export async function searchParameters(arena: Arena, options: SearchOptions): Promise<SearchResult> {
  return new Search(arena, options).run()
}

class Search {
  readonly #arena: Arena
  readonly #options: SearchOptions
  readonly #best = new Map<Algorithm, Trial>()
  readonly #startedMs = performance.now()

  constructor(arena: Arena, options: SearchOptions) {
    this.#arena = arena
    this.#options = options
  }

  async run(): Promise<SearchResult> {
    const grids = algorithms.map((algorithm) => candidatesOf(algorithm, this.#options.seed))
    // In the first round every algorithm has a fair share of what is left; later ones take what is left.
    const first = grids.flatMap((grid) => grid[0] ?? [])
    for (const [at, recipe] of first.entries()) await this.#try(recipe, first.length - at)
    const tried = [...this.#best.values()].filter((trial) => 'metrics' in trial)
    const ranked = tried.sort((left, right) => scoreOf(right) - scoreOf(left))
    for (const recipe of ranked.flatMap((trial) => decayingVariants(trial.recipe))) await this.#try(recipe, 1)
    const rounds = Math.max(...grids.map((grid) => grid.length))
    for (let round = 1; round < rounds; round += 1) {
      for (const recipe of grids.flatMap((grid) => grid[round] ?? [])) await this.#try(this.#withBestDecay(recipe), 1)
    }
    return this.#best
  }

  #withBestDecay(recipe: Recipe): Recipe {
    const best = this.#best.get(recipe.algorithm)?.recipe
    return best === undefined ? recipe : withHistoryHalfLife(recipe, parameterOf(best, 'historyHalfLifeDays'))
  }

  #leftMs(): number {
    return this.#options.budgetMs - (performance.now() - this.#startedMs)
  }

  async #try(recipe: Recipe, sharers: number): Promise<void> {
    const { signal, budgetMs, onProgress, log } = this.#options
    const leftMs = this.#leftMs()
    const standing = this.#best.get(recipe.algorithm)
    // A first recipe is tried whatever time is left: popularity is what all others are measured against.
    const limitMs = Math.max(leftMs / sharers, standing === undefined ? 1000 : 0)
    if (limitMs <= 0) return
    onProgress(Math.min(1, 1 - leftMs / budgetMs), `trying ${recipe.algorithm}`)
    const outOfTime = AbortSignal.timeout(Math.ceil(limitMs))
    let trial: Trial
    try {
      trial = await this.#arena.try(recipe, { signal: AbortSignal.any([signal, outOfTime]), log })
    } catch (error) {
      if (signal.aborted || !outOfTime.aborted) throw error
      const declined = `did not finish within ${(limitMs / 1000).toFixed(1)} s of the time budget`
      trial = { recipe, declined }
    }
    const outcome = 'metrics' in trial ? { metrics: trial.metrics } : { declined: trial.declined }
    log.info({ ...recipe, ...outcome }, 'tried on the validation part')
    if (standing === undefined || scoreOf(trial) > scoreOf(standing)) this.#best.set(recipe.algorithm, trial)
  }
}
