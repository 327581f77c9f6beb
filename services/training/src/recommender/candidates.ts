import type { Algorithm, Recipe } from './recipe.ts'

type Grid = readonly Readonly<Record<string, number>>[]

/** What is tried on the validation part, the most promising first. */
const grids: Readonly<Record<Algorithm, Grid>> = {
  popularity: [{ halfLifeDays: 0 }, { halfLifeDays: 30 }, { halfLifeDays: 7 }, { halfLifeDays: 1 }],
  'item-knn': [
    { neighbours: 100, shrinkage: 10 },
    { neighbours: 100, shrinkage: 0 },
    { neighbours: 50, shrinkage: 50 },
    { neighbours: 200, shrinkage: 10 },
    { neighbours: 20, shrinkage: 10 },
  ],
  ials: [
    { factors: 32, epochs: 10, alpha0: 0.1, regularization: 0.01 },
    { factors: 64, epochs: 10, alpha0: 0.1, regularization: 0.003 },
    { factors: 64, epochs: 10, alpha0: 0.3, regularization: 0.003 },
    { factors: 16, epochs: 10, alpha0: 0.3, regularization: 0.03 },
    { factors: 64, epochs: 10, alpha0: 0.03, regularization: 0.01 },
    { factors: 128, epochs: 12, alpha0: 0.1, regularization: 0.003 },
    { factors: 128, epochs: 12, alpha0: 0.3, regularization: 0.01 },
  ],
  ease: [
    { lambda: 100, kept: 200 },
    { lambda: 20, kept: 200 },
    { lambda: 400, kept: 200 },
    { lambda: 1000, kept: 200 },
    { lambda: 5, kept: 200 },
  ],
}

const halfLives = [7, 30, 1]

function complete(algorithm: Algorithm, parameters: Readonly<Record<string, number>>, seed: number): Recipe {
  if (algorithm === 'popularity') return { algorithm, parameters }
  const seeded = algorithm === 'ials' ? { seed } : {}
  return { algorithm, parameters: { ...parameters, ...seeded, historyHalfLifeDays: 0 } }
}

export const candidatesOf = (algorithm: Algorithm, seed: number): readonly Recipe[] =>
  grids[algorithm].map((parameters) => complete(algorithm, parameters, seed))

/** The recipe with histories that fade. Popularity has no histories. */
export const decayingVariants = (recipe: Recipe): readonly Recipe[] =>
  recipe.algorithm === 'popularity' ? [] : halfLives.map((halfLifeDays) => withHistoryHalfLife(recipe, halfLifeDays))

export const withHistoryHalfLife = ({ algorithm, parameters }: Recipe, historyHalfLifeDays: number): Recipe => ({
  algorithm,
  parameters: algorithm === 'popularity' ? parameters : { ...parameters, historyHalfLifeDays },
})

/** What every model must beat: everything that ever happened counts the same. */
export const plainPopularity: Recipe = { algorithm: 'popularity', parameters: { halfLifeDays: 0 } }
