import { until } from '@rapport/infra'
import { must } from '../transcript.ts'
import type { Kubectl, Resource } from './kubectl.ts'

/** The namespace of every overlay. */
export const namespace = 'rapport'

export interface Condition {
  readonly type: string
  readonly status: string
  readonly message?: string
  readonly lastTransitionTime: string
}

export interface Pod extends Resource {
  readonly metadata: Resource['metadata'] & {
    readonly labels?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly creationTimestamp: string
  }
  readonly spec: { readonly nodeName?: string; readonly priorityClassName?: string }
  readonly status: {
    readonly phase: string
    readonly podIP?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly {
      readonly containerID?: string
      readonly restartCount: number
      readonly state: { readonly running?: { readonly startedAt: string } }
    }[]
  }
}

/** Pods that are not being deleted. */
export async function podsOf(kubectl: Kubectl, selector: string): Promise<readonly Pod[]> {
  const pods = await kubectl.list<Pod>(['pods', '-n', namespace, '-l', selector])
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

export const ofService = (name: string): string => `app.kubernetes.io/name=${name}`

export const conditionOf = ({ status }: Pod, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type)

export const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True'

/** Waits until the pods are as they are to be. @throws Error that says how they are. */
export async function waitForPods(
  kubectl: Kubectl,
  selector: string,
  { holds, withinMs }: { readonly holds: (pods: readonly Pod[]) => boolean; readonly withinMs: number },
): Promise<readonly Pod[]> {
  let pods: readonly Pod[] = []
  const holding = await until(async () => holds((pods = await podsOf(kubectl, selector))), { withinMs, everyMs: 250 })
  must(holding, `after ${withinMs / 1000} s the pods of ${selector} are: ${pods.map(describe).join(', ') || 'none'}`)
  return pods
}

function describe(pod: Pod): string {
  const { message } = conditionOf(pod, 'PodScheduled') ?? {}
  const state = isReady(pod) ? 'ready' : pod.status.phase
  return `${pod.metadata.name} ${state} on ${pod.spec.nodeName ?? `no node (${message ?? 'not looked at yet'})`}`
}
