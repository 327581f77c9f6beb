import type { TrainingJob } from '@rapport/contracts'
import type { JobOutcome } from '@rapport/model-store'
import { readCatalogue } from '../data/read-catalogue.ts'
import { readInteractions } from '../data/read-interactions.ts'
import { TrainingDataError } from '../errors.ts'
import { compareRecipes, toLeaderboard } from './compare.ts'
import { type JobData, stages } from './context.ts'
import { seed, type TrainingContext, within } from '../training-context.ts'
import { cutTimeline, strengthScale } from './parts.ts'
import { promoteWinner, publishWinner } from './publish-winner.ts'
import { readRecipe, type Recipe } from './recipe.ts'
import { searchParameters } from './search.ts'
import { Arena, TrainingPart } from './trial.ts'

const fewestActs = 100
const fewestUsers = 5

/**
 * The whole job: reads the tenant's archive, finds recipes on the validation part and the best algorithm with them, compares
 * it with the champion's recipe on the test part, and publishes the winner, fitted to everything, as the new champion.
 * @throws TrainingDataError when there is not enough data.
 */
export async function trainRecommender(job: TrainingJob, context: TrainingContext): Promise<JobOutcome> {
  const data = await readData(job.tenant, context)
  const { dataset, cuts } = data
  const validation = new Arena(new TrainingPart(dataset, cuts.validationMs), {
    fromMs: cuts.validationMs,
    toMs: cuts.testMs,
  })
  const found = await searchParameters(validation, {
    budgetMs: job.budgetSeconds * 1000,
    seed,
    signal: context.signal,
    log: context.log,
    onProgress: (part, message) => context.report(within(stages.read, stages.search, part), message),
  })
  const champion = await readChampion(job, context)
  const test = new Arena(new TrainingPart(dataset, cuts.testMs), {
    fromMs: cuts.testMs,
    toMs: Number.POSITIVE_INFINITY,
  })
  const comparison = await compareRecipes(
    test,
    { found, champion: champion?.recipe },
    {
      signal: context.signal,
      log: context.log,
      onProgress: (part, message) => context.report(within(stages.search, stages.compare, part), message),
    },
  )
  const outcome = { leaderboard: toLeaderboard(comparison), data: sizesOf(data, test) }
  if (comparison.winner === undefined) {
    return { ...outcome, summary: 'nothing beat popularity; no version was published' }
  }
  const winning = { job, data, found, comparison, winner: comparison.winner }
  const published = await publishWinner(winning, context)
  return {
    ...outcome,
    ...(await promoteWinner(winning, { published, championRevision: champion?.revision ?? 0 }, context)),
  }
}

async function readData(tenant: string, context: TrainingContext): Promise<JobData> {
  const { objects, log, signal, memoryLimitBytes, report } = context
  report(0, 'reading the archive')
  const { interactions, events } = await readInteractions(objects, tenant, {
    log,
    signal,
    onEvents: (read) => report(stages.read / 2, `read ${read} events`),
  })
  const catalogue = await readCatalogue(objects, tenant)
  const acts = interactions.items.length
  if (acts < fewestActs || interactions.users < fewestUsers) {
    throw new TrainingDataError(
      'RPT_TRAINING_NOT_ENOUGH_DATA',
      `not enough data: ${acts} interactions, ${interactions.users} users; ${fewestActs} and ${fewestUsers} are needed`,
    )
  }
  const dataset = { log: interactions, scale: strengthScale(interactions), memoryLimitBytes }
  const cuts = cutTimeline(interactions)
  log.info(
    { events, interactions: acts, users: interactions.users, items: interactions.itemIds.length, ...cuts },
    'data read',
  )
  return { dataset, cuts, events, catalogue }
}

const sizesOf = ({ dataset, cuts, events, catalogue }: JobData, test: Arena): Record<string, number> => ({
  events,
  interactions: dataset.log.items.length,
  users: dataset.log.users,
  items: dataset.log.itemIds.length,
  catalogueItems: catalogue.size,
  validationUsers: cuts.validationUsers,
  testUsers: cuts.testUsers,
  testCells: test.testCells,
})

/** The recipe of the version that serves; a version that cannot be read, or is of another kind, is no contender. */
async function readChampion(
  { tenant, model }: TrainingJob,
  { models, log }: TrainingContext,
): Promise<{ readonly recipe: Recipe | undefined; readonly revision: number } | undefined> {
  const ref = { tenant, name: model, alias: 'champion' } as const
  const alias = await models.readAlias(ref)
  if (alias === undefined) return undefined
  try {
    const { algorithm, parameters } = await models.readManifest({ ...ref, version: alias.version })
    const recipe = readRecipe(algorithm, parameters)
    if (recipe === undefined)
      log.warn({ version: alias.version, algorithm }, 'the champion was made by no known recipe')
    return { recipe, revision: alias.revision }
  } catch (error) {
    log.warn({ err: error, version: alias.version }, 'the champion cannot be read and is not compared')
    return { recipe: undefined, revision: alias.revision }
  }
}
