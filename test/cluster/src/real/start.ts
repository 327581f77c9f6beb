import { until } from '@rapport/infra'
import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { conditionOf, namespace, ofService, podsOf } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'

interface Workload extends Resource {
  readonly status: { readonly readyReplicas?: number }
}

/** Every Deployment and StatefulSet has a pod that is ready. */
export async function checkStart(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  await transcript.check(
    'every service of the single-node overlay is ready, with Redis and the object store',
    async () => {
      const started = performance.now()
      let waiting: readonly string[] = []
      const ready = await until(
        async () => {
          const all = await kubectl.list<Workload>(['deployments,statefulsets', '-n', namespace])
          waiting = all.filter(({ status }) => (status.readyReplicas ?? 0) === 0).map(({ metadata }) => metadata.name)
          return all.length > 0 && waiting.length === 0
        },
        { withinMs: 180_000, everyMs: 500 },
      )
      must(ready, `${waiting.join(', ')} are not`)
      return `${((performance.now() - started) / 1000).toFixed(0)} s from the apply`
    },
  )
}

/** Seconds from the start of a pod's container until it was ready, as the node says, which counts whole ones. */
export async function secondsToReady(kubectl: Kubectl, service: string): Promise<number> {
  const [pod] = await podsOf(kubectl, ofService(service))
  const { startedAt } = pod?.status.containerStatuses?.[0]?.state.running ?? {}
  const ready = pod === undefined ? undefined : conditionOf(pod, 'Ready')?.lastTransitionTime
  if (startedAt === undefined || ready === undefined) throw new Error(`no pod of ${service} is ready`)
  return (Date.parse(ready) - Date.parse(startedAt)) / 1000
}
