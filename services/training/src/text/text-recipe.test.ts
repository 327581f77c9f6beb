import { networkAlgorithms, textAlgorithms, trainingObjectives, type TrainingObjective } from '@rapport/contracts'
import { ownWordsOf } from '@rapport/text-models'
import { expect, it } from 'vitest'
import { generatedReviews } from '../testing/text-datasets.ts'
import {
  candidateRecipes,
  characterRecipes,
  defaultAlgorithms,
  featureSetsOf,
  networkRecipes,
} from './text-candidates.ts'
import { nameOf, readTextRecipe, toParameters, toShownParameters, type TextRecipe } from './text-recipe.ts'

const texts = (language: 'zh' | 'en', rows: number): string[] =>
  generatedReviews(rows, { language }).map(({ text }) => text)

it('comes back from a manifest, also beside what else stands there', () => {
  for (const objective of trainingObjectives) {
    const recipes: TextRecipe[] = [
      ...candidateRecipes(textAlgorithms, featureSetsOf(texts('zh', 50)), objective),
      ...networkRecipes(textAlgorithms, texts('zh', 50), { objective }),
      ...characterRecipes(networkRecipes(textAlgorithms, [], { objective }), texts('zh', 50)),
      ...[['降噪耳机壳'], ['降噪', '耳机壳']].flatMap((dictionary) => [
        ...candidateRecipes(['linear-svm'], featureSetsOf(texts('zh', 50), { dictionary }).slice(1), objective),
        ...candidateRecipes(
          ['linear-svm'],
          featureSetsOf(texts('en', 50), { dictionary, hashBits: 18 }).slice(0, 1),
          objective,
        ),
        ...networkRecipes(['lstm'], texts('zh', 50), { dictionary }),
      ]),
    ]
    expect(new Set(recipes.map(nameOf)).size).toBe(recipes.length)
    for (const recipe of recipes) {
      const stored = JSON.parse(JSON.stringify({ ...toParameters(recipe), calibration: 'platt' })) as object
      expect(readTextRecipe(recipe.algorithm, { ...stored })).toEqual(recipe)
      const { dictionary } = 'tokens' in recipe ? recipe.tokens : recipe.features
      expect(ownWordsOf({ ...stored })).toEqual(dictionary)
    }
  }
})

it('is shown with the number of its own words', () => {
  const dictionary = ['降噪耳机壳', '保温杯盖']
  const [, recipe] = candidateRecipes(['complement-nb'], featureSetsOf(texts('en', 50), { dictionary }), 'accuracy')
  expect(toShownParameters(recipe!)).toMatchObject({ features: { analyzer: 'word', dictionary: 2 }, alpha: 0.1 })
  const [network] = networkRecipes(['lstm'], texts('zh', 50), { dictionary })
  expect(toShownParameters(network!)).toMatchObject({ tokens: { analyzer: 'jieba', dictionary: 2 } })
  expect(toShownParameters(networkRecipes(['lstm'], ['one'])[0]!)['tokens']).not.toHaveProperty('dictionary')
})

it('is none when the algorithm is not known or a parameter is missing', () => {
  const [recipe] = candidateRecipes(['linear-svm'], featureSetsOf(['one']), 'accuracy')
  const parameters = toParameters(recipe!)
  expect(readTextRecipe('ials', parameters)).toBeUndefined()
  expect(readTextRecipe('random-forest', parameters)).toBeUndefined()
  expect(readTextRecipe('linear-svm', { ...parameters, cost: -1 })).toBeUndefined()
  expect(readTextRecipe('linear-svm', { cost: 1 })).toBeUndefined()
  const [network] = networkRecipes(['lstm'], ['one'])
  const ofNetwork = toParameters(network!)
  expect(readTextRecipe('bilstm', ofNetwork)).toMatchObject({ algorithm: 'bilstm' })
  expect(readTextRecipe('text-cnn', ofNetwork)).toBeUndefined()
  expect(readTextRecipe('lstm', { ...ofNetwork, tokens: {} })).toBeUndefined()
  expect(readTextRecipe('ials', ofNetwork)).toBeUndefined()
})

it('has the features of the language, and the slow algorithms for little data alone', () => {
  const analyzers = (of: readonly string[]): string[] => featureSetsOf(of).map(({ analyzer }) => analyzer)
  expect(analyzers(texts('zh', 50))).toEqual(['char', 'jieba'])
  expect(analyzers(texts('en', 50))).toEqual(['word', 'char'])
  expect(analyzers([...texts('en', 50), ...texts('zh', 50)])).toEqual(['word', 'char'])
  expect(featureSetsOf(texts('en', 50))[0]!.minDf).toBe(1)
  expect(featureSetsOf(texts('en', 1200))[0]!.minDf).toBe(2)
  expect(defaultAlgorithms(400)).toContain('kernel-svm')
  expect(defaultAlgorithms(40_000)).not.toContain('boosted-trees')
  expect(defaultAlgorithms(400)).not.toContain('text-cnn')
  expect(defaultAlgorithms(40_000, 'gpu')).toContain('text-cnn')
})

it('balances the classes of networks for macro-F1 alone', () => {
  const balancedFor = (objective: TrainingObjective): unknown[] => {
    const networks = networkRecipes(networkAlgorithms, texts('zh', 50), { objective })
    const all = [...networks, ...characterRecipes(networks, texts('zh', 50))]
    expect(all).toHaveLength(2 * networkAlgorithms.length)
    return [...new Set(all.map(({ network }) => network.balanced))]
  }
  expect(trainingObjectives.map(balancedFor)).toEqual(
    trainingObjectives.map((objective) => [objective === 'macro-f1' ? true : undefined]),
  )
})

it('reads of a text what fits the language and the lengths of most', () => {
  const tokensOf = (of: readonly string[]) => networkRecipes(['text-cnn'], of)[0]?.tokens
  expect(tokensOf(texts('zh', 50))).toMatchObject({ analyzer: 'jieba', minDocuments: 1, length: 24 })
  const ofCharacters = (of: readonly string[]) => characterRecipes(networkRecipes(['text-cnn'], of), of)
  expect(ofCharacters(texts('zh', 50))).toMatchObject([{ tokens: { analyzer: 'char', minDocuments: 1, length: 32 } }])
  expect(ofCharacters(['很好。'.repeat(100)])).toMatchObject([{ tokens: { length: 192 } }])
  expect(ofCharacters(texts('en', 50))).toEqual([])
  expect(tokensOf(texts('en', 2000))).toMatchObject({ analyzer: 'word', minDocuments: 2, length: 16 })
  expect(tokensOf(Array.from({ length: 20 }, () => 'long '.repeat(1000)))).toMatchObject({ length: 128 })
})
