import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { AllInOneConfig } from './compose-services.ts'
import type { ConsumerReply, ConsumerRequest } from './consumer-thread.ts'

export interface Consumers extends AsyncDisposable {
  /** Rejects when the thread ends without having been told to. */
  readonly failed: Promise<never>
  /** The metrics of both threads in the Prometheus text format. */
  scrape(own: Registry): Promise<string>
}

/** Starts the consumer thread and waits until everything on it consumes. */
export async function startConsumers(config: AllInOneConfig): Promise<Consumers> {
  const worker = new Worker(new URL('consumer-thread.ts', import.meta.url), { workerData: config, name: 'consumers' })
  const ask = (request: ConsumerRequest): void => worker.postMessage(request)
  const pending = new Map<number, PromiseWithResolvers<object[]>>()
  let nextId = 0
  let stopping = false
  const failed = new Promise<never>((_, reject) => {
    worker.once('error', (cause) => reject(new Error('The consumer thread has failed.', { cause })))
    worker.once('exit', (code) => {
      if (!stopping) reject(new Error(`The consumer thread has ended with code ${code}.`))
    })
  })
  // Whoever starts the platform awaits `failed`; until then a failure must not end the process unexplained.
  failed.catch(() => undefined)
  const started = new Promise<void>((resolve) => {
    worker.on('message', (message: ConsumerReply) => {
      if (message.say === 'started') return resolve()
      const scrape = pending.get(message.id)
      if (message.say === 'metrics') scrape?.resolve(message.metrics)
      else scrape?.reject(new Error(`The consumer thread could not read its metrics: ${message.problem}`))
      pending.delete(message.id)
    })
  })
  await Promise.race([started, failed])
  return {
    failed,
    async scrape(own) {
      const theirs = Promise.withResolvers<object[]>()
      pending.set(nextId, theirs)
      ask({ ask: 'metrics', id: nextId++ })
      const parts = await Promise.all([own.getMetricsAsJSON(), Promise.race([theirs.promise, failed])])
      return AggregatorRegistry.aggregate(parts).metrics()
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      const ended = once(worker, 'exit')
      ask({ ask: 'stop' })
      await Promise.race([ended, failed.catch(() => undefined)])
    },
  }
}
