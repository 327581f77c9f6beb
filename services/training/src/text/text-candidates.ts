import {
  networkAlgorithms,
  type TextAlgorithm,
  type TrainingDevice,
  type TrainingJob,
  type TrainingObjective,
} from '@rapport/contracts'
import { parameterGrid } from '@rapport/ml'
import { defaultNetworkRecipe } from './networks/network-defaults.ts'
import type { NetworkRecipe } from './networks/network-recipe.ts'
import { languageOf } from './text-language.ts'
import type { FeatureSet, RowAlgorithm, RowRecipe, TextParameters } from './text-recipe.ts'

/** More columns make models larger and hardly better. */
const maxFeatures = 400_000
/** Below so many rows an n-gram of one text is kept, too. */
const fewRows = 1000
/** Up to so many rows the slow algorithms are tried without being asked for. */
const smallRows = 1500

/** What a job says of the reading of its texts. */
export type ReadingWish = Pick<TrainingJob, 'dictionary' | 'hashBits'>

/** The features that suit the texts' languages, the quick ones first; a dictionary is for those that cut Chinese into words. */
export function featureSetsOf(
  texts: readonly string[],
  { dictionary, hashBits }: ReadingWish = {},
): readonly FeatureSet[] {
  const minDf = texts.length < fewRows ? 1 : 2
  const of = (analyzer: FeatureSet['analyzer'], shortest: number, longest: number): FeatureSet => ({
    analyzer,
    ngrams: [shortest, longest],
    minDf,
    maxFeatures,
    ...(dictionary !== undefined && analyzer !== 'char' && { dictionary }),
    ...(hashBits !== undefined && { hashBits }),
  })
  const language = languageOf(texts)
  if (language === 'zh') return [of('char', 1, 3), of('jieba', 1, 2)]
  if (language === 'en') return [of('word', 1, 2), of('char', 2, 5)]
  return [of('word', 1, 2), of('char', 1, 4)]
}

const quick = ['multinomial-nb', 'complement-nb', 'linear-svm', 'logistic-regression'] as const
const slow = ['kernel-svm', 'random-forest', 'boosted-trees'] as const

/** What is tried when a request names nothing: networks where it asks for a GPU. */
export function defaultAlgorithms(rows: number, device: TrainingDevice = 'auto'): readonly TextAlgorithm[] {
  const classical = rows <= smallRows ? [...quick, ...slow] : quick
  return device === 'gpu' ? [...classical, ...networkAlgorithms] : classical
}

/** A balanced training gives rare classes up for fewer right answers in all, which macro-F1 alone rewards. */
function gridOf(algorithm: RowAlgorithm, objective: TrainingObjective): readonly TextParameters[] {
  const balanced = objective === 'macro-f1' ? [true, false] : [false]
  switch (algorithm) {
    case 'multinomial-nb':
      return parameterGrid({ alpha: [0.1, 0.03, 0.3, 1] })
    case 'complement-nb':
      return parameterGrid({ alpha: [0.3, 0.1, 1] })
    case 'linear-svm':
      return parameterGrid({ cost: [0.3, 1, 0.1], balanced })
    case 'logistic-regression':
      return parameterGrid({ cost: [10, 3], balanced })
    case 'kernel-svm':
      return parameterGrid({ cost: [1, 10], balanced })
    case 'random-forest':
      return parameterGrid({ trees: [100], minLeafRows: [1], balanced })
    case 'boosted-trees':
      return parameterGrid({ iterations: [100], maxLeaves: [15], learningRate: [0.1], balanced })
  }
}

/** All on rows of features that a search tries, the quick algorithms first: those are there when the time ends. */
export function candidateRecipes(
  algorithms: readonly TextAlgorithm[],
  featureSets: readonly FeatureSet[],
  objective: TrainingObjective,
): readonly RowRecipe[] {
  const order = [...quick, ...slow].filter((algorithm) => algorithms.includes(algorithm))
  return order.flatMap((algorithm) =>
    featureSets.flatMap((features) =>
      gridOf(algorithm, objective).map((parameters) => ({ algorithm, features, parameters })),
    ),
  )
}

/** The networks that a search tries, one of each kind, on words; for macro-F1 they are balanced. */
export const networkRecipes = (
  algorithms: readonly TextAlgorithm[],
  texts: readonly string[],
  { dictionary, objective }: Pick<TrainingJob, 'dictionary' | 'objective'> = {},
): readonly NetworkRecipe[] =>
  networkAlgorithms
    .filter((algorithm) => algorithms.includes(algorithm))
    .map((algorithm) => defaultNetworkRecipe(algorithm, texts, { dictionary }))
    .map((recipe) =>
      objective === 'macro-f1' ? { ...recipe, network: { ...recipe.network, balanced: true } } : recipe,
    )

/** The same networks on characters, of Chinese texts alone: those of an alphabet say little each. */
export const characterRecipes = (
  recipes: readonly NetworkRecipe[],
  texts: readonly string[],
): readonly NetworkRecipe[] =>
  languageOf(texts) === 'zh'
    ? recipes.map((recipe) => ({
        ...recipe,
        tokens: defaultNetworkRecipe(recipe.algorithm, texts, { ofCharacters: true }).tokens,
      }))
    : []
