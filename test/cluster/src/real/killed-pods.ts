import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { until } from '@rapport/infra'
import { amissIn, Ledger, Producers, takeBalance, type Balanced } from '@rapport/test-resilience'
import type { Cluster } from '../cluster/control-plane.ts'
import { isReady, ofService, podsOf } from '../cluster/pods.ts'
import { must, type Transcript } from '../transcript.ts'
import type { Runtime } from './runtime.ts'

const eventsPerSecond = 200
const killed = ['feature', 'ingestion'] as const

/** Kills the processes of pods while events come in; all that was acknowledged must be there, and have its effect once. */
export async function checkKilledPods(
  { kubectl, folder }: Cluster,
  runtime: Runtime,
  { balanced, transcript }: { readonly balanced: Balanced; readonly transcript: Transcript },
): Promise<void> {
  await transcript.check(`pods of ${killed.join(' and ')} are killed under load, and no event is lost`, async () => {
    await using ledger = await Ledger.open(join(folder, 'ledger'))
    const { url, key } = balanced
    const producers = new Producers({ url, key, ledger, sources: 4, batchEvents: 10, eventsPerSecond, users: 50 })
    try {
      await setTimeout(2_000)
      for (const service of killed) {
        const [pod] = await podsOf(kubectl, ofService(service))
        const id = pod?.status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? ''
        process.kill(await runtime.processOf(id), 'SIGKILL')
        const isBack = await until(
          async () => {
            const [again] = await podsOf(kubectl, ofService(service))
            return again?.status.containerStatuses?.[0]?.restartCount === 1 && isReady(again)
          },
          { withinMs: 90_000, everyMs: 500 },
        )
        must(isBack, `the pod of ${service} was not started again`)
      }
    } finally {
      await producers.stop()
    }
    const balance = await takeBalance(balanced, ledger)
    must(amissIn(balance) === 0, JSON.stringify(balance))
    return `${balance.acknowledged} acknowledged, ${balance.lost} lost, each applied once`
  })
}
