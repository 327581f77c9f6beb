import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { isReady, namespace, ofService, podsOf, waitForPods, type Pod } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'
import { nodeNames, nodeProcessors, zones } from './nodes.ts'

const areReady = (count: number) => (pods: readonly Pod[]) => pods.length === count && pods.every(isReady)

/** A second pod may not be taken while the first is away. Asks for objects with disruption budgets and two pods of each service. */
export async function checkBudget(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  await transcript.check('of two evictions the disruption budget lets one through', async () => {
    const pods = await waitForPods(kubectl, ofService('recommendation'), { holds: areReady(2), withinMs: 30_000 })
    const allowed = '--for=jsonpath={.status.disruptionsAllowed}=1'
    await kubectl.run(['wait', '-n', namespace, 'pdb/recommendation', '--timeout=30s', allowed])
    // On simulated nodes a pod in its place would be ready before the second is asked for.
    await kubectl.run(['cordon', ...nodeNames])
    try {
      const answers: Awaited<ReturnType<typeof evict>>[] = []
      for (const { metadata } of pods) answers.push(await evict(kubectl, metadata.name))
      const [first, second] = answers
      must(first?.ok === true, `the first was refused: ${first?.stderr}`)
      const reason = "Cannot evict pod as it would violate the pod's disruption budget"
      must(second?.stderr.includes(reason) === true, second?.ok === true ? 'both went' : `${second?.stderr}`)
      return reason
    } finally {
      await kubectl.run(['uncordon', ...nodeNames])
    }
  })
}

function evict(kubectl: Kubectl, name: string) {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`
  return kubectl.try(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction))
}

/** Pods of a service are in both zones. Asks for objects without scalers. */
export async function checkSpread(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  await transcript.check('pods of a service are spread over the zones', async () => {
    await scale(kubectl, 4)
    const pods = await waitForPods(kubectl, ofService('recommendation'), { holds: areReady(4), withinMs: 30_000 })
    const counts = zones.map((zone) => pods.filter(({ spec }) => spec.nodeName === `simulated-${zone}`).length)
    must(Math.max(...counts) - Math.min(...counts) <= 1, counts.join(' + '))
    return `${counts.join(' + ')} of ${pods.length}`
  })
}

const scale = (kubectl: Kubectl, replicas: number): Promise<string> =>
  kubectl.run(['scale', '-n', namespace, 'deployment/recommendation', `--replicas=${replicas}`])

const training = { name: 'fills-the-nodes', processors: 3 } as const
const wanted = 20

/** Where there is no room, what serves takes that of trainings, and no training that of anybody. */
export async function checkPreemption(kubectl: Kubectl, transcript: Transcript): Promise<void> {
  const trainings = async (): Promise<readonly Pod[]> => {
    const pods = await podsOf(kubectl, `check=${training.name}`)
    return pods.filter(({ spec }) => spec.nodeName !== undefined)
  }
  await transcript.check('trainings take what room is left, and push nobody away', async () => {
    const before = (await podsOf(kubectl, 'app.kubernetes.io/part-of=rapport')).map(({ metadata }) => metadata.name)
    await kubectl.apply([trainingJob()])
    await waitForPods(kubectl, `check=${training.name}`, {
      holds: (pods) =>
        pods.some(({ spec }) => spec.nodeName !== undefined) && pods.length === pods.filter(isSeen).length,
      withinMs: 30_000,
    })
    const after = new Set(
      (await podsOf(kubectl, 'app.kubernetes.io/part-of=rapport')).map(({ metadata }) => metadata.name),
    )
    must(
      before.every((name) => after.has(name)),
      'pods that serve have gone',
    )
    return `${(await trainings()).length} run, the others wait`
  })
  await transcript.check('a pod that serves pushes a training out by its priority', async () => {
    const before = (await trainings()).length
    await scale(kubectl, wanted)
    await waitForPods(kubectl, ofService('recommendation'), { holds: areReady(wanted), withinMs: 60_000 })
    const after = (await trainings()).length
    const events = await kubectl.list<Resource>(['events', '-n', namespace, '--field-selector', 'reason=Preempted'])
    must(
      after < before && events.length > 0,
      `${before} trainings ran before, ${after} after; ${events.length} were preempted`,
    )
    return `${wanted} pods that serve are ready, of ${before} trainings ${after} are left`
  })
}

const isSeen = ({ status }: Pod): boolean => status.conditions?.some(({ type }) => type === 'PodScheduled') === true

/** More than the nodes have room for. */
function trainingJob(): Resource {
  const count = Math.ceil((zones.length * nodeProcessors) / training.processors)
  const requests = { cpu: `${training.processors}`, memory: '1Gi' }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: training.name, namespace },
    spec: {
      parallelism: count,
      completions: count,
      template: {
        metadata: { labels: { check: training.name } },
        spec: {
          restartPolicy: 'Never',
          priorityClassName: 'rapport-training',
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'training',
              image: 'rapport/training:0.1.0',
              resources: { requests, limits: { memory: requests.memory } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            },
          ],
        },
      },
    },
  }
}
