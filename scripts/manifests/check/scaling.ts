import { topics, trainingRunnerGroup } from '../../../packages/contracts/src/index.ts'
import { kafkaRights, scaledGroups } from '../generate/kafka-rights.ts'
import type { SecretKeys } from './environment.ts'
import type { ScaledJob, ScaledObject } from './kinds.ts'
import { deploymentSpec, ofKind, selects, type KubeObject, type Workload } from './objects.ts'

interface Scaler {
  readonly name: string
  readonly target: string
  readonly most: number
}

const scalersOf = (objects: readonly KubeObject[]): readonly Scaler[] => [
  ...ofKind(objects, 'HorizontalPodAutoscaler').map(({ metadata, spec }) => ({
    name: `HorizontalPodAutoscaler ${metadata?.name ?? ''}`,
    target: spec?.scaleTargetRef.name ?? '',
    most: spec?.maxReplicas ?? Infinity,
  })),
  ...ofKind(objects, 'ScaledObject').map(({ metadata, spec }) => ({
    name: `ScaledObject ${metadata.name}`,
    target: spec.scaleTargetRef.name,
    most: spec.maxReplicaCount ?? 100,
  })),
]

const partitionsOf = new Map<string, number>(Object.values(topics).map(({ name, partitions }) => [name, partitions]))
const rightsOf = (service: string) =>
  (kafkaRights as Readonly<Record<string, (typeof kafkaRights)['feature'] | undefined>>)[service]

/** Scalers that fight with each other or with a number of replicas, or start processes for which there is no partition. */
export function checkScaling(objects: readonly KubeObject[], workloads: readonly Workload[]): readonly string[] {
  const scalers = scalersOf(objects)
  const problems: string[] = []
  for (const { name, target, most } of scalers) {
    const workload = workloads.find((each) => each.kind === 'Deployment' && each.name === target)
    if (workload === undefined) problems.push(`${name} scales ${target}, which is not there`)
    else if (deploymentSpec(workload).replicas !== undefined)
      problems.push(`${name} and replicas both say how many there are of ${target}`)
    if (scalers.filter((other) => other.target === target).length > 1)
      problems.push(`${name} is not the only one that scales ${target}`)
    const consumes = rightsOf(target)?.groups.some((group) => scaledGroups.includes(group)) === true
    if (consumes && most > topics.events.partitions)
      problems.push(
        `${name} goes to ${most} processes; ${topics.events.name} has ${topics.events.partitions} partitions`,
      )
  }
  return [
    ...problems,
    ...ofKind(objects, 'ScaledObject').flatMap(lagProblems),
    ...ofKind(objects, 'ScaledJob').flatMap(jobLagProblems),
  ]
}

/** Jobs are for trainings; what waits of them is the lag of the runners' group on their topic. */
function jobLagProblems({ metadata: { name }, spec }: ScaledJob): readonly string[] {
  return spec.triggers
    .filter(({ type, metadata: { topic, consumerGroup } }) => {
      const isLag = topic === topics.trainingJobs.name && consumerGroup === trainingRunnerGroup
      return type !== 'kafka' || !isLag
    })
    .map(({ type }) => `ScaledJob ${name} has a trigger ${type} that is not what waits in ${trainingRunnerGroup}`)
}

function lagProblems({ metadata: { name }, spec }: ScaledObject): readonly string[] {
  return spec.triggers
    .filter(({ type }) => type === 'kafka')
    .flatMap(({ metadata: { topic = '', consumerGroup = '' } }) => {
      const partitions = partitionsOf.get(topic)
      if (partitions === undefined) return [`ScaledObject ${name} looks at the topic ${topic}, which is none of ours`]
      const problems: string[] = []
      if (rightsOf(spec.scaleTargetRef.name)?.groups.includes(consumerGroup) !== true)
        problems.push(
          `ScaledObject ${name} looks at the group ${consumerGroup}, in which ${spec.scaleTargetRef.name} does not consume`,
        )
      if (!scaledGroups.includes(consumerGroup)) problems.push(`KEDA may not see the group ${consumerGroup}`)
      if ((spec.maxReplicaCount ?? 100) > partitions)
        problems.push(`ScaledObject ${name} goes above the ${partitions} partitions of ${topic}`)
      return problems
    })
}

/** What KEDA asks for and nobody has: metrics, and the secrets with which it logs in. */
export function checkTriggers(
  objects: readonly KubeObject[],
  { metrics, secrets }: { readonly metrics: ReadonlySet<string>; readonly secrets: SecretKeys },
): readonly string[] {
  const queries = ofKind(objects, 'ScaledObject').flatMap(({ metadata: { name }, spec }) =>
    spec.triggers.flatMap(({ metadata: { query = '' } }) =>
      [...query.matchAll(/\brapport_\w+/g)].map(([metric]) => ({ name, metric })),
    ),
  )
  const logins = ofKind(objects, 'TriggerAuthentication').flatMap(({ metadata: { name }, spec }) =>
    (spec.secretTargetRef ?? []).map(({ name: secret, key }) => ({ name, secret, key })),
  )
  return [
    ...queries
      .filter(({ metric }) => !metrics.has(metric) && !metrics.has(metric.replace(/_(bucket|sum|count)$/, '')))
      .map(({ name, metric }) => `ScaledObject ${name} asks for ${metric}, which no process has`),
    ...logins
      .filter(({ secret, key }) => secrets.get(secret)?.has(key) !== true)
      .map(({ name, secret, key }) => `TriggerAuthentication ${name} takes ${secret}/${key}, which nobody makes`),
  ]
}

/** Where there are disruption budgets, every Deployment has one of its own. */
export function checkBudgets(objects: readonly KubeObject[], workloads: readonly Workload[]): readonly string[] {
  const budgets = ofKind(objects, 'PodDisruptionBudget')
  if (budgets.length === 0) return []
  const selected = budgets.map(({ metadata, spec }) => ({
    name: metadata?.name ?? '',
    taken: workloads.filter(({ labels }) => selects(spec?.selector?.matchLabels, labels)),
  }))
  return [
    ...selected
      .filter(({ taken }) => taken.length !== 1)
      .map(({ name, taken }) => `PodDisruptionBudget ${name} is for ${taken.length} workloads, not for one`),
    ...workloads
      .filter(
        ({ kind, name }) =>
          kind === 'Deployment' && !selected.some(({ taken }) => taken.some((each) => each.name === name)),
      )
      .map(({ name }) => `Deployment ${name} has no PodDisruptionBudget`),
  ]
}
