import { join } from 'node:path'
import { combinations } from '../../../../scripts/manifests/check/render.ts'
import type { Binaries } from '../cluster/binaries.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import { customKinds } from '../cluster/custom-kinds.ts'
import type { Kubectl, Resource } from '../cluster/kubectl.ts'
import { namespace } from '../cluster/pods.ts'
import type { Transcript } from '../transcript.ts'
import { checkAdmission, checkOverlays, type Combination } from './apply-overlays.ts'
import { checkBudget, checkPreemption, checkSpread } from './disruptions.ts'
import { checkGpuJobs } from './gpu-jobs.ts'
import { startSimulatedNodes } from './nodes.ts'

export interface SimulatedOptions {
  readonly binaries: Binaries
  readonly cluster: Cluster
  /** The workspace. */
  readonly root: string
  readonly transcript: Transcript
  /** Of the whole run: what is started goes with it, at the latest. */
  readonly owned: AsyncDisposableStack
}

/** Everything that needs an API server, controllers and a scheduler, and no pod that runs. */
export async function checkSimulated({ binaries, cluster, root, transcript, owned }: SimulatedOptions): Promise<void> {
  const { kubectl } = cluster
  transcript.section('Simulated nodes')
  await using stack = owned.use(new AsyncDisposableStack())
  stack.use(await startSimulatedNodes(binaries, cluster))
  const all = await Promise.all(
    combinations(root).map(async (folder) => ({ folder, objects: await kubectl.render(join(root, folder)) })),
  )
  const kinds = await absentKinds(kubectl, root, all)
  stack.defer(() => removeAll(kubectl, kinds))
  await transcript.check('the kinds of custom resources are taken by the API server', () => define(kubectl, kinds))
  await checkOverlays(kubectl, all, { transcript, further: (combination) => look(kubectl, combination, transcript) })
}

/** Kinds that the cluster has stay as they are. */
async function absentKinds(kubectl: Kubectl, root: string, all: readonly Combination[]): Promise<readonly Resource[]> {
  const objects = all.flatMap((combination) => combination.objects)
  const known = new Set((await kubectl.list<Resource>(['crd'])).map(({ metadata }) => metadata.name))
  return (await customKinds(root, objects)).filter(({ metadata }) => !known.has(metadata.name))
}

async function define(kubectl: Kubectl, kinds: readonly Resource[]): Promise<string> {
  if (kinds.length === 0) return 'it has all of them'
  await kubectl.apply(kinds)
  await kubectl.run(['wait', '--for=condition=Established', '--timeout=30s', ...kinds.map(pathOf)])
  return `${kinds.length} kinds`
}

/** What the combinations leave outside of the namespace. */
async function removeAll(kubectl: Kubectl, kinds: readonly Resource[]): Promise<void> {
  await kubectl.try(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=90s'])
  await kubectl.try(['delete', 'priorityclass', '-l', 'app.kubernetes.io/part-of=rapport'])
  await kubectl.try(['delete', '--timeout=60s', ...kinds.map(pathOf)])
}

const pathOf = ({ metadata }: Resource): string => `crd/${metadata.name}`

/** What each combination is good for. */
async function look(kubectl: Kubectl, { folder, objects }: Combination, transcript: Transcript): Promise<void> {
  if (folder === 'k8s/overlays/staging') await checkBudget(kubectl, transcript)
  if (folder === 'k8s/tests/external-stores') {
    await checkAdmission(kubectl, transcript)
    await checkSpread(kubectl, transcript)
    await checkPreemption(kubectl, transcript)
  }
  const scaled = objects.find(({ kind }) => kind === 'ScaledJob')
  if (scaled !== undefined && folder === 'k8s/tests/every-component') await checkGpuJobs(kubectl, scaled, transcript)
}
