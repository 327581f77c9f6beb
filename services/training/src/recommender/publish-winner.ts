import type { ModelManifest, TrainingJob } from '@rapport/contracts'
import { encodeBundle, type ItemKnnParameters } from '@rapport/ml'
import { AliasConflictError, type JobOutcome, type ModelPublication } from '@rapport/model-store'
import { fingerprintOf } from '../data/interaction-log.ts'
import { TrainingDataError } from '../errors.ts'
import { buildBundle } from './build-bundle.ts'
import type { Comparison, Contender } from './compare.ts'
import { type JobData, stages } from './context.ts'
import { type TrainingContext } from '../training-context.ts'
import { parameterOf, type Recipe } from './recipe.ts'
import type { SearchResult } from './search.ts'
import { decisiveMetric, TrainingPart, type Trial } from './trial.ts'

export interface Winning {
  readonly job: TrainingJob
  readonly data: JobData
  readonly found: SearchResult
  readonly comparison: Comparison
  readonly winner: Contender
}

/** Lists of similar items are kept whichever algorithm wins; these stand in where item-kNN was not searched. */
const plainKnn: ItemKnnParameters = { neighbours: 100, shrinkage: 10 }

function knnOf(found: SearchResult): ItemKnnParameters {
  const recipe = found.get('item-knn')?.recipe
  if (recipe === undefined) return plainKnn
  return { neighbours: parameterOf(recipe, 'neighbours'), shrinkage: parameterOf(recipe, 'shrinkage') }
}

function popularityHalfLifeOf(found: SearchResult): number {
  const recipe = found.get('popularity')?.recipe
  return recipe === undefined ? 0 : parameterOf(recipe, 'halfLifeDays')
}

/** Refits the winner on everything and publishes it. @throws TrainingDataError when that does not fit into memory. */
export async function publishWinner(winning: Winning, context: TrainingContext): Promise<ModelManifest> {
  const { data, found } = winning
  const { recipe } = winning.winner.trial
  context.report(stages.compare, `fitting ${recipe.algorithm} to all data`)
  const part = new TrainingPart(data.dataset, Number.POSITIVE_INFINITY)
  const declined = part.declineFor(recipe)
  if (declined !== undefined) {
    throw new TrainingDataError('RPT_TRAINING_MEMORY', `${recipe.algorithm} won, but on all data it ${declined}`)
  }
  const ingredients = {
    recipe,
    part,
    knn: knnOf(found),
    // The list for visitors without a history fades as it did best.
    popularityHalfLifeDays: popularityHalfLifeOf(found),
    catalogue: data.catalogue,
  }
  const { bundle, selfCheck } = await buildBundle(ingredients, { signal: context.signal, log: context.log })
  context.report(stages.refit, 'publishing')
  await context.assertClaim()
  return context.models.publish({
    ...describe(winning, recipe),
    codeRevision: context.codeRevision,
    files: encodeBundle(bundle),
    selfCheck,
  })
}

const metricsOf = (trial: Trial): Readonly<Record<string, number>> => ('metrics' in trial ? trial.metrics : {})

/** The manifest's figures: the winner's, the champion's and popularity's on the same test part, the winner's on the validation part, and the sizes. */
function describe(
  { job, data, comparison, winner }: Winning,
  recipe: Recipe,
): Omit<ModelPublication, 'codeRevision' | 'files' | 'selfCheck'> {
  const { log } = data.dataset
  const times = log.timesMs.toSorted()
  const iso = (ms: number | undefined): string => new Date(ms ?? 0).toISOString()
  const champion = comparison.contenders.find(({ role }) => role === 'champion')
  return {
    tenant: job.tenant,
    name: job.model,
    task: job.task,
    algorithm: recipe.algorithm,
    framework: 'rapport-ml',
    inputSchema: { history: [{ itemId: 'string', weight: 'number' }] },
    data: {
      from: iso(times[0]),
      to: iso(times.at(-1)),
      rows: log.items.length,
      fingerprint: fingerprintOf(log),
    },
    parameters: recipe.parameters,
    metrics: {
      test: metricsOf(winner.trial),
      ...(winner.validation === undefined ? {} : { validation: metricsOf(winner.validation) }),
      ...(champion === undefined ? {} : { 'test of the champion': metricsOf(champion.trial) }),
      'test of popularity': metricsOf(comparison.baseline.trial),
      sizes: {
        users: log.users,
        items: log.itemIds.length,
        validationUsers: data.cuts.validationUsers,
        testUsers: data.cuts.testUsers,
      },
    },
  }
}

/** Lets the new version serve, unless the champion was changed by somebody else while the job ran. */
export async function promoteWinner(
  { job, winner, comparison }: Winning,
  state: { readonly published: ModelManifest; readonly championRevision: number },
  context: TrainingContext,
): Promise<JobOutcome> {
  const { version, algorithm } = state.published
  const figure = (trial: Trial): string => (metricsOf(trial)[decisiveMetric] ?? 0).toFixed(4)
  const popularity = `popularity ${figure(comparison.baseline.trial)}`
  const verdict = `${algorithm} has ${decisiveMetric} ${figure(winner.trial)}, ${popularity}`
  try {
    await context.assertClaim()
    const ref = { tenant: job.tenant, name: job.model, alias: 'champion' } as const
    await context.models.promote(ref, version, { ifRevision: state.championRevision })
    return { result: { version, algorithm, promoted: true }, summary: `${verdict}; version ${version} serves now` }
  } catch (error) {
    if (!(error instanceof AliasConflictError)) throw error
    context.log.warn({ err: error, version }, 'the champion was changed meanwhile and stays')
    const summary = `${verdict}; version ${version} was not promoted: the champion was changed while the job ran`
    return { result: { version, algorithm, promoted: false }, summary }
  }
}
