import type { KubeObject } from '../../../../scripts/manifests/check/objects.ts'
import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { conditionOf, namespace, waitForPods, type Pod } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'
import { gpuNode } from './nodes.ts'

interface PodSpec {
  readonly tolerations?: readonly unknown[]
  readonly [field: string]: unknown
}
interface JobSpec {
  readonly template: { readonly metadata?: object; readonly spec: PodSpec }
  readonly [field: string]: unknown
}

/** The Job that KEDA makes of a ScaledJob. */
function jobOf(scaled: KubeObject, name: string, change: (pod: PodSpec) => PodSpec = (pod) => pod): Resource {
  const { jobTargetRef } = scaled['spec'] as { readonly jobTargetRef: JobSpec }
  const { template } = jobTargetRef
  const labels = { check: name }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: { ...jobTargetRef, template: { metadata: { labels }, spec: change(template.spec) } },
  }
}

const withoutToleration = (pod: PodSpec): PodSpec => ({ ...pod, tolerations: [] })

/** A GPU is taken by trainings alone, on its node alone, by one at a time. Asks for a ScaledJob among the objects that are applied. */
export async function checkGpuJobs(kubectl: Kubectl, scaled: KubeObject, transcript: Transcript): Promise<void> {
  const start = (job: Resource): Promise<void> => kubectl.apply([job])
  const waitFor = (name: string, holds: (pod: Pod) => boolean): Promise<readonly Pod[]> =>
    waitForPods(kubectl, `check=${name}`, { holds: ([pod]) => pod !== undefined && holds(pod), withinMs: 20_000 })
  const waitsFor = (name: string, reason: string): Promise<readonly Pod[]> =>
    waitFor(name, (pod) => conditionOf(pod, 'PodScheduled')?.message?.includes(reason) === true)

  await transcript.check('a GPU job runs on the GPU’s node', async () => {
    await start(jobOf(scaled, 'gpu-first'))
    const [pod] = await waitFor('gpu-first', ({ spec }) => spec.nodeName !== undefined)
    must(pod?.spec.nodeName === gpuNode, `it is on ${pod?.spec.nodeName}`)
    return gpuNode
  })
  await transcript.check('without its toleration it is refused by that node', async () => {
    await start(jobOf(scaled, 'gpu-intolerant', withoutToleration))
    await waitsFor('gpu-intolerant', 'untolerated taint')
    return 'untolerated taint'
  })
  await transcript.check('a second one waits, and runs when the first has ended', async () => {
    await start(jobOf(scaled, 'gpu-second'))
    await waitsFor('gpu-second', 'Insufficient nvidia.com/gpu')
    await kubectl.run(['delete', 'job', 'gpu-first', '-n', namespace])
    await waitFor('gpu-second', ({ spec }) => spec.nodeName === gpuNode)
    return 'Insufficient nvidia.com/gpu, then the same node'
  })
}
