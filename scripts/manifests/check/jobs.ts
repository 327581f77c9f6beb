import type { V1JobSpec, V1PodSpec } from '@kubernetes/client-node'
import { ObjectStoreOnlySchema } from '../../../packages/service-kit/src/index.ts'
import { exitCodes } from '../../../services/training/src/exit-codes.ts'
import type { VariableSource } from './environment.ts'
import { jobSpec, ofKind, type KubeObject, type Workload } from './objects.ts'
import { checkMemory, type Settings } from './service-process.ts'

const gpu = 'nvidia.com/gpu'
/** From the deadline of the process to that of its Job: for the start of the pod, and its last words. */
const spareSeconds = 600

const leavesTrainings = (control: ReadonlyMap<string, VariableSource>): boolean => {
  const runner = control.get('RAPPORT_TRAINING_RUNNER')
  return runner?.from === 'text' && runner.text === 'elsewhere'
}

/** Trainings that control leaves to others where there are none. */
export function checkRunners(
  objects: readonly KubeObject[],
  control: ReadonlyMap<string, VariableSource>,
): readonly string[] {
  if (!leavesTrainings(control) || ofKind(objects, 'ScaledJob').length > 0) return []
  return ['control leaves trainings to others (RAPPORT_TRAINING_RUNNER), and nothing takes them']
}

/** What Jobs, and those that make them, leave behind or start beside each other. */
export function checkJob(workload: Workload): readonly string[] {
  const job = jobSpec(workload)
  if (job === undefined) return []
  const problems: string[] = []
  if (workload.pod.restartPolicy !== 'Never') problems.push('starts its container anew in a pod that has failed')
  if (job.activeDeadlineSeconds === undefined) problems.push('may run for ever: it has no activeDeadlineSeconds')
  if (job.ttlSecondsAfterFinished === undefined) problems.push('leaves its Jobs behind: no ttlSecondsAfterFinished')
  if (workload.kind === 'CronJob') {
    const { concurrencyPolicy, timeZone } = workload.object['spec'] as Readonly<Record<string, unknown>>
    if (concurrencyPolicy !== 'Forbid') problems.push('starts a Job beside one that still runs')
    if (timeZone === undefined) problems.push('has no time zone')
  }
  return problems
}

/** What a Job for trainings says of its process that the process does not do, by the settings with which it runs. */
export function checkTrainingJob(
  workload: Workload,
  settings: Settings,
  control: ReadonlyMap<string, VariableSource>,
): readonly string[] {
  const [container] = workload.pod.containers
  const job = jobSpec(workload)
  if (container === undefined || job === undefined) return ['is no Job']
  return [
    ...checkMemory(container, settings),
    ...checkFailures(job, container.name),
    ...checkDeadline(job, settings),
    ...checkGpu(workload.pod, settings),
    ...checkStores(workload, settings, control),
  ]
}

/** Exit codes of what another pod would do no better, and evictions. */
function checkFailures({ podFailurePolicy }: V1JobSpec, container: string): readonly string[] {
  const rules = podFailurePolicy?.rules ?? []
  const failing = rules.find(({ action }) => action === 'FailJob')?.onExitCodes
  const lasting = new Set([exitCodes['bad data'], exitCodes.overdue])
  const isLasting = failing?.operator === 'In' && lasting.symmetricDifference(new Set(failing.values)).size === 0
  const ignored = rules.find(({ action }) => action === 'Ignore')?.onPodConditions
  return [
    ...(isLasting && failing.containerName === container
      ? []
      : [`does not fail at once by the exit codes ${[...lasting].join(' and ')} of ${container}`]),
    ...(ignored?.some(({ type, status }) => type === 'DisruptionTarget' && status === 'True') === true
      ? []
      : ['counts an eviction as a failure']),
  ]
}

function checkDeadline({ activeDeadlineSeconds = 0 }: V1JobSpec, settings: Settings): readonly string[] {
  const own = Number(settings.get('RAPPORT_TRAINING_DEADLINE_SECONDS') ?? Infinity)
  if (activeDeadlineSeconds >= own + spareSeconds) return []
  return [`is killed after ${activeDeadlineSeconds} s, before its process ends itself (after ${own} s)`]
}

function checkGpu({ containers, nodeSelector, tolerations = [] }: V1PodSpec, settings: Settings): readonly string[] {
  const wanted = settings.get('RAPPORT_TRAINING_DEVICE') === 'gpu'
  const has = containers.some(({ resources }) => Number(resources?.limits?.[gpu] ?? 0) > 0)
  if (wanted !== has) return [`${has ? 'takes' : 'has not'} the GPU that its process ${wanted ? 'needs' : 'ignores'}`]
  if (!has) return []
  return [
    ...(nodeSelector === undefined ? ['may be placed on any node'] : []),
    ...(tolerations.some(({ key }) => key === gpu) ? [] : [`does not tolerate the taint ${gpu}`]),
  ]
}

/** The process finds what control has recorded, and control what the process has made. */
function checkStores(
  { pod }: Workload,
  settings: Settings,
  control: ReadonlyMap<string, VariableSource>,
): readonly string[] {
  const problems: string[] = []
  if (settings.get('RAPPORT_S3_BUCKET') === undefined) problems.push('RAPPORT_S3_BUCKET is required')
  if (!leavesTrainings(control))
    problems.push('takes trainings that control runs itself: RAPPORT_TRAINING_RUNNER is not elsewhere')
  const own = new Set(pod.containers.flatMap(({ env = [] }) => env.map(({ name }) => name)))
  for (const name of Object.keys(ObjectStoreOnlySchema.properties)) {
    const theirs = control.get(name)
    const isSame = theirs === undefined || (theirs.from === 'text' ? settings.get(name) === theirs.text : own.has(name))
    if (!isSame) problems.push(`has another ${name} than control`)
  }
  return problems
}
