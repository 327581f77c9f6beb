import { until } from '@rapport/infra'
import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { namespace } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'

/** An overlay or a combination of `k8s`. */
export interface Combination {
  readonly folder: string
  readonly objects: readonly KubeObject[]
}

/** What is looked at while a combination stands. */
export type Further = (combination: Combination) => Promise<void>

/** Applies every overlay and combination as a whole and waits until the pods that it makes are admitted and placed. */
export async function checkOverlays(
  kubectl: Kubectl,
  combinations: readonly Combination[],
  { transcript, further }: { readonly transcript: Transcript; readonly further: Further },
): Promise<void> {
  for (const combination of combinations) {
    const { folder, objects } = combination
    await transcript.check(`${folder} is applied by the server, strictly and without a warning`, async () => {
      const started = performance.now()
      await kubectl.apply(objects)
      const seconds = (performance.now() - started) / 1000
      const ready = await deploymentsReady(kubectl)
      return `${objects.length} objects in ${seconds.toFixed(1)} s, pods of ${ready} Deployments admitted`
    })
    await further(combination)
    await removeNamespace(kubectl)
  }
}

/** The number of Deployments, when each has a ready pod. */
async function deploymentsReady(kubectl: Kubectl): Promise<number> {
  let waiting: readonly string[] = []
  let count = 0
  const ready = await until(
    async () => {
      const all = await kubectl.list<Deployment>(['deployments', '-n', namespace])
      count = all.length
      waiting = all.filter(({ status }) => (status.readyReplicas ?? 0) === 0).map(({ metadata }) => metadata.name)
      return count > 0 && waiting.length === 0
    },
    { withinMs: 30_000, everyMs: 300 },
  )
  must(ready, `no pods of ${waiting.join(', ')} are ready`)
  return count
}

interface Deployment extends Resource {
  readonly status: { readonly readyReplicas?: number }
}

async function removeNamespace(kubectl: Kubectl): Promise<void> {
  await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=180s'])
}

/** The namespace admits nothing that is not confined. Asks for it. */
export async function checkAdmission(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  await transcript.check('a pod that is not confined is refused', async () => {
    const containers = [{ name: 'any', image: 'rapport/training:0.1.0' }]
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'any', namespace }, spec: { containers } }
    const { ok, stderr } = await kubectl.try(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))
    must(!ok && stderr.includes('violates PodSecurity "restricted'), ok ? 'it was admitted' : stderr.trim())
    return 'violates PodSecurity "restricted"'
  })
}
