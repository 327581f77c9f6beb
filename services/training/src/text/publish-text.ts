import type { ModelManifest, TrainingJob, TrainingWarning } from '@rapport/contracts'
import { AliasConflictError, type JobOutcome, type ModelPublication } from '@rapport/model-store'
import {
  answerMetrics,
  createTextSelfCheck,
  encodeTextClassifier,
  TextClassifier,
  type TextClassifierData,
  type TextSelfCheck,
} from '@rapport/text-models'
import type { TrainingContext } from '../training-context.ts'
import type { TextComparison } from './compare-texts.ts'
import { targetsOf, type TextCorpus } from './corpus.ts'
import { fitClassifier, type FitOptions } from './fit-classifier.ts'
import { remedyOf } from './champion-mismatch.ts'
import type { HeldOutResult } from './held-out.ts'
import type { CorpusSplit } from './split-corpus.ts'
import type { TextChampion } from './text-champion.ts'
import { labelSizes } from './targets.ts'
import { toParameters } from './text-recipe.ts'

export interface TextWinning {
  readonly job: TrainingJob
  readonly corpus: TextCorpus
  readonly split: CorpusSplit
  readonly comparison: TextComparison
  readonly warnings: readonly TrainingWarning[]
  /** What serves now, and why that must not be replaced. */
  readonly champion: TextChampion
  readonly mismatch: string | undefined
}

/** The champion's figures in a manifest: the recipe's say nothing of what the version itself has learnt. */
const championFigures = {
  recipe: "test of the champion's recipe, trained on these rows",
  version: 'test of the champion',
} as const
const checkedTexts = 8
/** Of each text of the self-check. */
const checkedCharacters = 300

/** The winner, fitted to everything. Throws as `fitClassifier` does. */
export async function refit(
  { winner: { recipe, trial } }: TextComparison,
  corpus: TextCorpus,
  options: Pick<FitOptions, 'signal' | 'memoryLimitBytes' | 'networks' | 'onProgress'>,
): Promise<TextClassifierData> {
  const { calibration } = trial
  const all = { texts: corpus.texts, ...targetsOf(corpus) }
  return fitClassifier(recipe, all, { ...options, names: corpus.names, calibration })
}

/** Publishes the winner with its figures. */
export async function publishText(
  winning: TextWinning,
  data: TextClassifierData,
  context: TrainingContext,
): Promise<ModelManifest> {
  const selfCheck = selfCheckOf(data, winning.corpus.texts)
  await context.assertClaim()
  return context.models.publish({
    ...describe(winning),
    codeRevision: context.codeRevision,
    files: encodeTextClassifier(data),
    selfCheck,
  })
}

/** What a classifier says of the beginnings of some texts, from all over the data. */
export function selfCheckOf(data: TextClassifierData, texts: readonly string[]): TextSelfCheck {
  const step = Math.max(1, Math.floor(texts.length / checkedTexts))
  const checked = texts
    .filter((_, row) => row % step === 0)
    .slice(0, checkedTexts)
    .map((text) => text.slice(0, checkedCharacters).toWellFormed())
  return createTextSelfCheck(new TextClassifier(data), checked)
}

/** The model card: what made it, of what, and how good it is beside the champion and the baseline on the same part. */
function describe({
  job,
  corpus,
  split,
  comparison,
  warnings,
}: TextWinning): Omit<ModelPublication, 'codeRevision' | 'files' | 'selfCheck'> {
  const { winner, champion, baseline } = comparison
  const { dataset, fingerprint, texts, names, sets } = corpus
  const { mean, deviation, scores } = winner.tried.result
  const sizes = labelSizes(targetsOf(corpus))
  const byLabel = (figure: 'precision' | 'recall' | 'support'): Record<string, number> =>
    Object.fromEntries((winner.trial.classes ?? []).map((each) => [each.label, each[figure]]))
  return {
    tenant: job.tenant,
    name: job.model,
    task: job.task,
    algorithm: winner.recipe.algorithm,
    framework: 'rapport',
    inputSchema: { text: 'string' },
    labels: [...names],
    data: { rows: texts.length, fingerprint, dataset: `${dataset.name}@${dataset.version}` },
    parameters: {
      ...toParameters(winner.recipe),
      calibration: winner.trial.calibration.kind,
      objective: job.objective,
      ...(sets !== undefined && { multiLabel: true }),
    },
    metrics: {
      test: winner.trial.metrics,
      'cross-validation': { mean, ...(scores.length > 1 && { deviation }), folds: scores.length },
      ...(champion !== undefined && { [championFigures[champion.judged]]: champion.result.metrics }),
      'test of the baseline': baseline.metrics,
      'test precision': byLabel('precision'),
      'test recall': byLabel('recall'),
      'test rows': byLabel('support'),
      ...answerMetrics(winner.trial.answers, names),
      'rows by label': Object.fromEntries(names.map((name, label) => [name, sizes[label] as number])),
      sizes: { rows: texts.length, trainRows: split.train.length, testRows: split.held.length, folds: split.folds },
    },
    warnings: [...warnings],
  }
}

/**
 * Lets the new version serve, unless it is worse than what serves or no match for it, or that was changed by somebody else
 * while the job ran.
 */
export async function promoteText(
  { job, comparison, champion, mismatch }: TextWinning,
  published: ModelManifest,
  context: TrainingContext,
): Promise<Pick<JobOutcome, 'result' | 'summary'>> {
  const { version, algorithm } = published
  const { winner, champion: standing, baseline } = comparison
  const verdict = `${algorithm} is right in ${percent(winner.trial)} of the held-out rows, the most frequent label in ${percent(baseline)}`
  const done = (promoted: boolean, end: string): Pick<JobOutcome, 'result' | 'summary'> => ({
    result: { version, algorithm, promoted },
    summary: `${verdict}; version ${version} ${end}`,
  })
  if (mismatch !== undefined) return done(false, `was not promoted: ${mismatch}; ${remedyOf(job.model, version)}`)
  if (standing !== undefined && winner.trial.objective < standing.result.objective) {
    const better =
      standing.judged === 'recipe' ? 'the recipe of what serves now, trained on these rows,' : 'what serves now'
    return done(false, `was not promoted: ${better} is better there, ${percent(standing.result)}`)
  }
  try {
    await context.assertClaim()
    const ref = { tenant: job.tenant, name: job.model, alias: 'champion' } as const
    await context.models.promote(ref, version, { ifRevision: champion.revision })
    const isUnread = champion.version !== undefined && standing === undefined
    const unread = `; nothing was compared: the champion, version ${champion.version}, cannot be read`
    return done(true, `serves now${isUnread ? unread : ''}`)
  } catch (error) {
    if (!(error instanceof AliasConflictError)) throw error
    context.log.warn({ err: error, version }, 'the champion was changed meanwhile and stays')
    return done(false, 'was not promoted: the champion was changed while the job ran')
  }
}

const percent = ({ metrics }: HeldOutResult): string => `${(100 * (metrics['accuracy'] ?? 0)).toFixed(1)} %`
