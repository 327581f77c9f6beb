import type { V1CronJobSpec, V1Deployment, V1JobSpec, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
import type { Kinds } from './kinds.ts'

/** A rendered object; its shape is checked by its kind before anything else is read from it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/** What runs pods. */
export interface Workload {
  readonly kind: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly pod: V1PodSpec
  /** The whole object. */
  readonly object: KubeObject
}

/** Where a kind has the template of its pods. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  ScaledJob: ['spec', 'jobTargetRef', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** What a person calls an object. */
export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`

/** All objects of a kind; their shape was checked by it. */
export const ofKind = <Kind extends keyof Kinds>(objects: readonly KubeObject[], kind: Kind): readonly Kinds[Kind][] =>
  objects.filter((object) => object.kind === kind) as unknown as readonly Kinds[Kind][]

export function workloadsOf(objects: readonly KubeObject[]): readonly Workload[] {
  return objects.flatMap((object) => {
    const path = templatePaths[object.kind]
    if (path === undefined) return []
    const template = path.reduce<unknown>(
      (value, key) => Reflect.get(value as object, key),
      object,
    ) as V1PodTemplateSpec
    const pod = template.spec
    if (pod === undefined) throw new Error(`${nameOf(object)} has no pod`)
    return [{ kind: object.kind, name: object.metadata.name, labels: template.metadata?.labels ?? {}, pod, object }]
  })
}

/** The spec of the Jobs that a ScaledJob or a CronJob makes; undefined of what runs on. */
export function jobSpec({ kind, object }: Workload): V1JobSpec | undefined {
  if (kind === 'ScaledJob') return (object['spec'] as { readonly jobTargetRef: V1JobSpec }).jobTargetRef
  if (kind === 'CronJob') return (object['spec'] as V1CronJobSpec).jobTemplate.spec
  return undefined
}

/** The service that a workload is a process of: a canary is one of the service beside which it stands. */
export const serviceOf = ({ name }: Pick<Workload, 'name'>): string => name.replace(/-canary$/, '')

export const deploymentSpec = ({ object }: Workload): NonNullable<V1Deployment['spec']> =>
  object['spec'] as NonNullable<V1Deployment['spec']>

/** Whether a selector by labels alone takes a pod; an empty one takes all. */
export const selects = (
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value)
