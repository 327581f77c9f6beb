import { fileURLToPath } from 'node:url'
import type { Binaries } from '../cluster/binaries.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import type { Resource } from '../cluster/kubectl.ts'
import { isOpen, startProgram, toFlags } from '../cluster/program.ts'
import { freePorts } from '@rapport/infra'

/** By which kwok knows its nodes. */
const mark = { 'kwok.x-k8s.io/node': 'fake' }
export const zones = ['zone-a', 'zone-b'] as const
export const gpuNode = 'simulated-gpu'
const stages = fileURLToPath(new URL('stages.yaml', import.meta.url))

interface SimulatedNode {
  readonly name: string
  readonly zone: string
  readonly gpus?: number
}

/** Processors of a simulated node. */
export const nodeProcessors = 16

const nodes: readonly SimulatedNode[] = [
  ...zones.map((zone) => ({ name: `simulated-${zone}`, zone })),
  { name: gpuNode, zone: 'zone-a', gpus: 1 },
]

export const nodeNames: readonly string[] = nodes.map(({ name }) => name)

function describe({ name, zone, gpus }: SimulatedNode): Resource {
  const room = {
    cpu: `${nodeProcessors}`,
    memory: '64Gi',
    pods: '110',
    ...(gpus !== undefined && { 'nvidia.com/gpu': `${gpus}` }),
  }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: mark,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': zone,
        ...(gpus !== undefined && { 'nvidia.com/gpu.present': 'true' }),
      },
    },
    spec: gpus === undefined ? {} : { taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }] },
    status: { capacity: room, allocatable: room },
  }
}

/** Two nodes in two zones and one with a GPU, on which pods are ready without being run. They go with it. */
export async function startSimulatedNodes(binaries: Binaries, cluster: Cluster): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const { kubectl, folder, kubeconfig } = cluster
  const [selector = []] = Object.entries(mark)
  const [port = 0] = await freePorts(1)
  const args = toFlags({
    kubeconfig,
    config: stages,
    'server-address': `127.0.0.1:${port}`,
    'manage-all-nodes': false,
    'manage-nodes-with-annotation-selector': selector.join('='),
    'node-lease-duration-seconds': 40,
  })
  const path = binaries['kwok'] ?? ''
  stack.use(await startProgram(folder, { name: 'kwok', path, args, isReady: () => isOpen(port) }))
  stack.defer(async () => void (await kubectl.try(['delete', 'node', ...nodeNames])))
  for (const node of nodes) await kubectl.run(['create', '-f', '-'], JSON.stringify(describe(node)))
  await kubectl.run(['wait', '--for=condition=Ready', '--timeout=60s', ...nodeNames.map((name) => `node/${name}`)])
  return stack.move()
}
