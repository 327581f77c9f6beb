import type { TrainingJob } from '@rapport/contracts'
import type { JobOutcome } from '@rapport/model-store'
import type { TextClassifierData } from '@rapport/text-models'
import { toLeftSeconds, within, type TrainingContext } from '../training-context.ts'
import { compareTexts, toTextLeaderboard, type TextComparison } from './compare-texts.ts'
import { chooseRecipe } from './choose-recipe.ts'
import { findMismatch, mismatchWarning } from './champion-mismatch.ts'
import { readCorpus, targetsOf, type TextCorpus } from './corpus.ts'
import { findWarnings } from './find-warnings.ts'
import { fitWinner } from './fit-winner.ts'
import { withNetworks } from './networks/job-networks.ts'
import type { OpenNetworks } from './networks/network-trainer.ts'
import { promoteText, publishText, refit, type TextWinning } from './publish-text.ts'
import { leaderOf } from './search-texts.ts'
import { splitCorpus, type CorpusSplit } from './split-corpus.ts'
import { readTextChampion } from './text-champion.ts'
import { pickTexts, TextProblem } from './text-problem.ts'
import type { Arena } from './try-recipe.ts'

/** Where each stage ends on the way from 0 to 1. */
const stages = { read: 0.05, split: 0.1, search: 0.65, compare: 0.9 } as const

/**
 * The whole job: reads the data set, finds the best recipe by cross-validation on the training part, compares it with the
 * champion's on the held-out part, and publishes it, fitted to everything; it serves when it is not worse than the champion.
 * @throws TrainingDataError when no classifier can be learnt; DatasetError
 */
export function trainText(job: TrainingJob, context: TrainingContext): Promise<JobOutcome> {
  return withNetworks(job, context, ({ networks, report }) => trainWith(networks, job, { ...context, report }))
}

async function trainWith(networks: OpenNetworks, job: TrainingJob, context: TrainingContext): Promise<JobOutcome> {
  const { objects, signal, log, memoryLimitBytes, report } = context
  report(0, 'reading the data set')
  const corpus = await readCorpus(objects, job, {
    signal,
    memoryLimitBytes,
    onRows: (read, of) => report((stages.read * read) / of, `read ${read} of ${of} rows`),
  })
  report(stages.read, 'splitting')
  const split = await splitCorpus(corpus, { signal })
  const found = findWarnings(corpus, split)
  const all = { texts: corpus.texts, ...targetsOf(corpus) }
  const [part, held] = [pickTexts(all, split.train), pickTexts(all, split.held)]
  const problem = new TextProblem(part, { memoryLimitBytes, networks })
  const tried = await chooseRecipe(problem, split, job, {
    ...context,
    report: (fraction, ...said) => report(within(stages.split, stages.search, fraction), ...said),
  })
  const champion = await readTextChampion(job, context)
  const mismatch = champion.standing && findMismatch(champion.standing, corpus)
  const warnings = mismatch === undefined ? found : [...found, mismatchWarning(mismatch, job.model)]
  for (const { message } of warnings) log.warn({}, message)
  const { objective = 'accuracy' } = job
  const arena = { problem, held, names: corpus.names, split, objective, memoryLimitBytes, networks }
  const { comparison, fitted } = await fitWinner(tried, {
    signal,
    compare: (left) => compare(arena, { job, tried: left, standing: champion.standing }, context),
    fit: async (found) => (beatsBaseline(found) ? fitToAll(found, { corpus, split, networks }, context) : undefined),
  })
  const outcome = { leaderboard: toTextLeaderboard(comparison), warnings, data: sizesOf(corpus, split) }
  if (fitted === undefined) {
    return { ...outcome, summary: 'nothing beat the most frequent label; no version was published' }
  }
  const winning = { job, corpus, split, comparison, warnings, champion, mismatch }
  const published = await publishText(winning, fitted, context)
  return { ...outcome, ...(await promoteText(winning, published, context)) }
}

const beatsBaseline = ({ winner, baseline }: TextComparison): boolean => winner.trial.objective > baseline.objective

const compare = (
  arena: Arena,
  { job, ...entered }: Parameters<typeof compareTexts>[1] & { readonly job: TrainingJob },
  { signal, log, report }: TrainingContext,
): Promise<TextComparison> =>
  compareTexts(arena, entered, {
    signal,
    log,
    budgetMs: job.budgetSeconds * 1000,
    onProgress: (fraction, ...said) => report(within(stages.search, stages.compare, fraction), ...said),
  })

async function fitToAll(
  comparison: TextComparison,
  { corpus, split, networks }: Pick<TextWinning, 'corpus' | 'split'> & { readonly networks: OpenNetworks },
  { signal, memoryLimitBytes, report }: TrainingContext,
): Promise<TextClassifierData> {
  const { recipe, tried, trial } = comparison.winner
  const expectedMs = (1000 * (trial.trainingSeconds ?? 0) * corpus.texts.length) / split.train.length
  const started = performance.now()
  const onProgress = (fraction: number): void =>
    report(within(stages.compare, 1, fraction), `fitting ${recipe.algorithm} to all rows`, {
      candidate: tried.result.name,
      ...leaderOf([tried]),
      leftSeconds: toLeftSeconds(expectedMs - (performance.now() - started)),
    })
  onProgress(0)
  return refit(comparison, corpus, { signal, memoryLimitBytes, networks, onProgress })
}

const sizesOf = ({ texts, names }: TextCorpus, { train, held, folds }: CorpusSplit): Record<string, number> => ({
  rows: texts.length,
  labels: names.length,
  trainRows: train.length,
  heldOutRows: held.length,
  folds,
})
