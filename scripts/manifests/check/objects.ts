import type { V1Deployment, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node'
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

const workloadKinds = new Set(['Deployment', 'StatefulSet'])

/** What a person calls an object. */
export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`

/** All objects of a kind; their shape was checked by it. */
export const ofKind = <Kind extends keyof Kinds>(objects: readonly KubeObject[], kind: Kind): readonly Kinds[Kind][] =>
  objects.filter((object) => object.kind === kind) as unknown as readonly Kinds[Kind][]

export function workloadsOf(objects: readonly KubeObject[]): readonly Workload[] {
  return objects
    .filter(({ kind }) => workloadKinds.has(kind))
    .map((object) => {
      const { template } = object['spec'] as { template: V1PodTemplateSpec }
      const pod = template.spec
      if (pod === undefined) throw new Error(`${nameOf(object)} has no pod`)
      return { kind: object.kind, name: object.metadata.name, labels: template.metadata?.labels ?? {}, pod, object }
    })
}

export const deploymentSpec = ({ object }: Workload): NonNullable<V1Deployment['spec']> =>
  object['spec'] as NonNullable<V1Deployment['spec']>

/** Whether a selector by labels alone takes a pod; an empty one takes all. */
export const selects = (
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value)
