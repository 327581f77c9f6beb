import type { TextTask, TrainingJob } from '@rapport/contracts'
import type { JobOutcome, ModelPublication } from '@rapport/model-store'
import { starterSeed, starterSources } from '@rapport/starter-texts'
import {
  findShipped,
  isOfLaterRelease,
  starterMeasuredBy,
  starterVersion,
  type StarterModel,
} from '@rapport/starter-texts/release'
import { encodeTextClassifier } from '@rapport/text-models'
import { InterruptedError, TrainingDataError } from '../errors.ts'
import { selfCheckOf } from '../text/publish-text.ts'
import { toParameters } from '../text/text-recipe.ts'
import type { TrainingContext } from '../training-context.ts'
import { fitStarter, starterRecipe, type FittedStarter } from './fit-starter.ts'

/**
 * Makes a starter model of this release and lets it serve; a version that is there already only comes to serve, and that of
 * a later release goes on to.
 * @throws TrainingDataError when the release brings no such model, or was not measured as it is, or the job is of an earlier
 * release.
 * @throws InterruptedError when the job is of a later release.
 */
export async function trainStarter(job: TrainingJob, context: TrainingContext): Promise<JobOutcome> {
  const starter = findShipped(job)
  if (starter === undefined) {
    throw new TrainingDataError('RPT_TRAINING_JOB_INVALID', `this release brings no starter model "${job.model}"`)
  }
  const { models, report } = context
  const version = starterVersion(starter)
  checkRelease(job, starter)
  const ref = { tenant: job.tenant, name: job.model, alias: 'champion' } as const
  const known = await models.listVersions(ref)
  if (!known.some((manifest) => manifest.version === version)) await make(job, starter, context)
  report(1, 'promoting')
  await context.assertClaim()
  const { algorithm } = starterRecipe
  const champion = await models.readAlias(ref)
  if (champion !== undefined && isOfLaterRelease(champion.version, starter)) {
    const summary = `the starter model ${champion.version} of a later release goes on to serve`
    return { result: { version, algorithm, promoted: false }, summary }
  }
  await models.promote(ref, version, { ifRevision: champion?.revision ?? 0 })
  return { result: { version, algorithm, promoted: true }, summary: `the starter model ${version} serves now` }
}

function checkRelease({ version: wanted = 'none' }: TrainingJob, starter: StarterModel): void {
  const version = starterVersion(starter)
  if (wanted === version) return
  const problem = `the job wants the version ${wanted}, and this release makes ${version}`
  if (isOfLaterRelease(wanted, starter)) throw new InterruptedError(problem)
  throw new TrainingDataError('RPT_TRAINING_STARTER_OTHER_RELEASE', problem)
}

async function make(job: TrainingJob, starter: StarterModel, context: TrainingContext): Promise<void> {
  const { signal, memoryLimitBytes, report, codeRevision } = context
  const stage = `training the starter model of ${starter.task}`
  report(0, stage)
  const onProgress = (fraction: number): void => report(0.9 * fraction, stage)
  const fitted = await fitStarter(starter.task, { signal, memoryLimitBytes, onProgress })
  if (fitted.revision !== starter.revision) {
    const what = `the texts or the recipe are of revision ${fitted.revision}, and ${starter.revision} was measured`
    throw new TrainingDataError('RPT_TRAINING_STARTER_UNMEASURED', `${what}: ${starterMeasuredBy}`)
  }
  report(0.9, 'publishing')
  await context.assertClaim()
  await context.models.publish({
    tenant: job.tenant,
    name: job.model,
    version: starterVersion(starter),
    ...describe(starter, fitted),
    codeRevision,
    files: encodeTextClassifier(fitted.data),
    selfCheck: selfCheckOf(fitted.data, fitted.texts),
  })
}

/** The model card: its figures are those of real texts that were measured before the release. */
function describe(
  { task, revision, measured, chosenOn }: StarterModel,
  { data, texts }: FittedStarter,
): Omit<ModelPublication, 'tenant' | 'name' | 'codeRevision' | 'files' | 'selfCheck'> {
  return {
    task,
    algorithm: starterRecipe.algorithm,
    framework: 'rapport',
    inputSchema: { text: 'string' },
    labels: [...data.labels],
    data: { rows: texts.length, fingerprint: revision },
    parameters: { ...toParameters(starterRecipe), calibration: data.calibration.kind },
    metrics: Object.fromEntries(Object.entries(measured).map(([set, figures]) => [set, { ...figures }])),
    starter: {
      trainedFrom: [...starterSources[task satisfies TextTask]],
      seed: starterSeed,
      measuredBy: starterMeasuredBy,
      chosenOn: [...chosenOn],
    },
  }
}
