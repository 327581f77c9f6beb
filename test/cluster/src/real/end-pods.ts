import { until } from '@rapport/infra'
import type { Kubectl } from '../cluster/kubectl.ts'
import { namespace, podsOf } from '../cluster/pods.ts'
import type { Runtime } from './runtime.ts'

/** Nothing is waited for that a pod would still do. */
export async function endPods(kubectl: Kubectl, runtime: Runtime): Promise<void> {
  const kinds = 'horizontalpodautoscalers,deployments,statefulsets,jobs'
  await kubectl.try(['delete', kinds, '--all', '-n', namespace, '--cascade=background', '--timeout=20s'])
  await kubectl.try(['delete', 'pods', '--all', '-n', namespace, '--grace-period=1', '--wait=false'])
  await until(async () => (await podsOf(kubectl, '')).length === 0, { withinMs: 20_000, everyMs: 500 })
  await runtime.endAll()
}
