// The thread on which everything that reads the event log runs, so that applying events never delays an answer.
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@rapport/core'
import { addDriverMetrics, connectDrivers, createLogger } from '@rapport/service-kit'
import { Registry } from 'prom-client'
import type { AllInOneConfig } from './compose-services.ts'
import { composeServices } from './compose-services.ts'

/** What the main thread asks, and what it gets back. */
export type ConsumerRequest = { readonly ask: 'metrics'; readonly id: number } | { readonly ask: 'stop' }
export type ConsumerReply =
  | { readonly say: 'started' }
  | { readonly say: 'metrics'; readonly id: number; readonly metrics: object[] }
  | { readonly say: 'no metrics'; readonly id: number; readonly problem: string }

const port = parentPort
if (port === null) throw new Error('consumer-thread.ts runs as a worker thread only')
const reply = (message: ConsumerReply): void => port.postMessage(message)

const config = workerData as AllInOneConfig
const log = createLogger('rapport', { level: config.RAPPORT_LOG_LEVEL, pretty: config.RAPPORT_LOG_PRETTY })
const metrics = new Registry()

await using drivers = await connectDrivers(config, log)
addDriverMetrics(metrics, drivers)
const { eventLog, onlineStore, objectStore } = drivers
await using composed = await composeServices(config, {
  log,
  clock: systemClock,
  metrics,
  eventLog,
  onlineStore,
  objectStore,
})
for (const service of composed.services) await service.startConsuming()
reply({ say: 'started' })

for (;;) {
  const [request] = (await once(port, 'message')) as [ConsumerRequest]
  if (request.ask === 'stop') break
  reply(await readMetrics(request.id))
}

/** What fails here fails that scrape, and not the thread. */
async function readMetrics(id: number): Promise<ConsumerReply> {
  try {
    return { say: 'metrics', id, metrics: await metrics.getMetricsAsJSON() }
  } catch (error) {
    return { say: 'no metrics', id, problem: String(error) }
  }
}
