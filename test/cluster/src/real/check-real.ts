import { join } from 'node:path'
import { RapportClient } from '@rapport/sdk'
import type { Drivers } from '@rapport/service-kit'
import { caughtUp } from '@rapport/test-resilience'
import type { Binaries } from '../cluster/binaries.ts'
import type { Cluster } from '../cluster/control-plane.ts'
import { customKinds } from '../cluster/custom-kinds.ts'
import type { Transcript } from '../transcript.ts'
import { archiveImages, pauseImage } from './images.ts'
import { assertFreeHost, startBridge, sweep } from './host.ts'
import { startNode } from './node.ts'
import { endPods } from './end-pods.ts'
import { applyPlatform } from './platform.ts'
import { startRuntime } from './runtime.ts'
import { checkColdStarts, checkRollingRestarts } from './rolling.ts'
import { checkKilledPods } from './killed-pods.ts'
import { checkScaling, startMetricsServer } from './scaling.ts'
import { checkShop } from './shop.ts'
import { checkStart } from './start.ts'

export interface RealOptions {
  readonly binaries: Binaries
  readonly cluster: Cluster
  /** The workspace. */
  readonly root: string
  readonly transcript: Transcript
  /** Of the whole run: what is started goes with it, at the latest. */
  readonly owned: AsyncDisposableStack
  /** Of the images, by `docker save`; made where not given. */
  readonly archive?: string | undefined
}

/** Everything that needs pods that run: the single-node overlay as it is, on one node of this machine. */
export async function checkReal({ binaries, cluster, root, transcript, owned, archive }: RealOptions): Promise<void> {
  await assertFreeHost()
  const { kubectl, folder } = cluster
  const images = archive ?? join(folder, 'images.tar')
  if (archive === undefined) await archiveImages(root, images)
  transcript.section('A real node')
  await using stack = owned.use(new AsyncDisposableStack())
  stack.defer(() => sweep(folder))
  stack.use(await startBridge())
  const runtime = stack.use(await startRuntime(binaries, folder, pauseImage))
  await runtime.importImages(images)
  const started = performance.now()
  stack.use(await startNode(binaries, cluster, runtime))
  stack.defer(() => endPods(kubectl, runtime))
  await transcript.check('a node that runs pods is ready', async () => {
    return `${((performance.now() - started) / 1000).toFixed(1)} s`
  })
  const rendered = await kubectl.render(join(root, 'k8s/overlays/single-node'))
  await kubectl.apply(await customKinds(root, rendered))
  const platform = stack.use(await applyPlatform(cluster, rendered))
  const failedBefore = transcript.failed
  await checkStart(kubectl, transcript)
  if (transcript.failed > failedBefore) return
  const url = await platform.urlOf('gateway')
  const client = new RapportClient({ url, key: platform.key, retries: 3 })
  const connect = (): Promise<Drivers> => platform.connect()
  const balanced = { url, key: platform.key, client, connect, caughtUp: () => caughtUp(connect) }
  await checkKilledPods(cluster, runtime, { balanced, transcript })
  await checkShop(kubectl, client, transcript)
  await checkColdStarts(kubectl, transcript)
  await checkRollingRestarts(kubectl, platform, transcript)
  stack.use(await startMetricsServer(binaries, cluster))
  const staging = await kubectl.render(join(root, 'k8s/overlays/staging'))
  const autoscaler = staging.find(
    ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === 'gateway',
  )
  if (autoscaler === undefined) throw new Error('staging has no autoscaler of the gateway')
  await checkScaling(kubectl, platform, { autoscaler, transcript })
}
