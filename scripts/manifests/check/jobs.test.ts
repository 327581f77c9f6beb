import { describe, expect, test } from 'vitest'
import { checkCombination } from './check-combination.ts'
import { canRender, changed, context, problemsOf, type Case, type Path } from './testing/changed.ts'

const job: Path = ['spec', 'jobTargetRef']
const pod: Path = [...job, 'template', 'spec']
const container: Path = [...pod, 'containers', 0]
const env: Path = [...container, 'env']
const metadata: Path = ['spec', 'triggers', 0, 'metadata']
type Variable = Readonly<Record<string, unknown>>
const setTo =
  (name: string, value: string) =>
  (old: unknown): readonly Variable[] => [...without(name)(old), { name, value }]
const without =
  (name: string) =>
  (old: unknown): readonly Variable[] =>
    (old as readonly Variable[]).filter((entry) => entry['name'] !== name)

const cases: readonly Case[] = [
  [
    'exit codes that the process has not',
    'ScaledJob',
    'training',
    [...job, 'podFailurePolicy', 'rules', 1, 'onExitCodes', 'values'],
    [65],
    'does not fail at once by the exit codes 65 and 124',
  ],
  [
    'evictions that count',
    'ScaledJob',
    'training',
    [...job, 'podFailurePolicy', 'rules', 0, 'action'],
    'Count',
    'counts an eviction as a failure',
  ],
  [
    'a deadline before that of the process',
    'ScaledJob',
    'training',
    [...job, 'activeDeadlineSeconds'],
    90_000,
    'before its process ends itself',
  ],
  ['no deadline', 'ScaledJob', 'training', [...job, 'activeDeadlineSeconds'], undefined, 'may run for ever'],
  ['no clean-up', 'ScaledJob', 'training', [...job, 'ttlSecondsAfterFinished'], undefined, 'leaves its Jobs behind'],
  ['restarts in the pod', 'ScaledJob', 'training', [...pod, 'restartPolicy'], 'OnFailure', 'starts its container anew'],
  [
    'no GPU for a process that needs one',
    'ScaledJob',
    'training',
    [...container, 'resources', 'limits', 'nvidia.com/gpu'],
    undefined,
    'has not the GPU that its process needs',
  ],
  [
    'a GPU that nobody asks for',
    'ScaledJob',
    'training',
    env,
    without('RAPPORT_TRAINING_DEVICE'),
    'takes the GPU that its process ignores',
  ],
  ['any node', 'ScaledJob', 'training', [...pod, 'nodeSelector'], undefined, 'may be placed on any node'],
  ['no toleration', 'ScaledJob', 'training', [...pod, 'tolerations'], [], 'does not tolerate the taint nvidia.com/gpu'],
  ['too small a limit', 'ScaledJob', 'training', [...container, 'resources', 'limits', 'memory'], '8Gi', 'may need'],
  [
    'another bucket than that of control',
    'ScaledJob',
    'training',
    env,
    setTo('RAPPORT_S3_BUCKET', 'other'),
    'has another RAPPORT_S3_BUCKET than control',
  ],
  [
    'a store that only control has',
    'ScaledJob',
    'training',
    env,
    without('RAPPORT_REDIS_URL'),
    'has another RAPPORT_REDIS_URL than control',
  ],
  [
    'a variable out of nothing',
    'ScaledJob',
    'training',
    env,
    (old: unknown) => [
      ...without('RAPPORT_LOG_LEVEL')(old),
      { name: 'RAPPORT_LOG_LEVEL', valueFrom: { configMapKeyRef: { name: 'nowhere', key: 'x' } } },
    ],
    'RAPPORT_LOG_LEVEL is to come from the ConfigMap nowhere, which has no x',
  ],
  [
    'the lag of another group',
    'ScaledJob',
    'training',
    [...metadata, 'consumerGroup'],
    'rapport.feature',
    'has a trigger kafka that is not what waits in rapport.training-runner',
  ],
  [
    'trainings that control runs, too',
    'Deployment',
    'control',
    ['spec', 'template', 'spec', 'containers', 0, 'env'],
    without('RAPPORT_TRAINING_RUNNER'),
    'takes trainings that control runs itself',
  ],
  [
    'retrainings beside each other',
    'CronJob',
    'retraining',
    ['spec', 'concurrencyPolicy'],
    'Allow',
    'starts a Job beside one that still runs',
  ],
  ['a schedule of no zone', 'CronJob', 'retraining', ['spec', 'timeZone'], undefined, 'has no time zone'],
  [
    'a key that nobody makes',
    'CronJob',
    'retraining',
    ['spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', 0, 'env', 1, 'valueFrom', 'secretKeyRef', 'key'],
    'key',
    'rapport-retraining/key, which nobody makes',
  ],
  [
    'a field that Kueue does not know',
    'ClusterQueue',
    'rapport-training',
    ['spec', 'cohort'],
    'all',
    '/spec/cohort is not known',
  ],
]

describe.skipIf(!canRender)('the check of Jobs', () => {
  test.each(cases)('finds %s', (...found) => {
    expect(problemsOf(found)).toContain(found[5])
  })

  test('finds trainings that nobody takes', () => {
    const left = changed('ScaledJob', 'training', ['spec', 'minReplicaCount'], 0).filter(
      ({ kind }) => kind !== 'ScaledJob',
    )
    expect(checkCombination(left, context).join('\n')).toContain('and nothing takes them')
  })
})
