// A thread that consumes with the group it is told and posts what it gets.
import { parentPort, workerData } from 'node:worker_threads'
import { openEmbeddedEventLog } from '../index.ts'
import { silent } from './harness.ts'
import { testTopics } from './topics.ts'

export interface ThreadOptions {
  readonly directory: string
  readonly group: string
  readonly leaseMs?: number
}

export type ThreadMessage =
  | { readonly kind: 'assigned'; readonly partitions: number }
  | { readonly kind: 'records'; readonly places: readonly string[]; readonly receivedAtMs: number }

const { directory, group, leaseMs } = workerData as ThreadOptions
const lease = leaseMs === undefined ? {} : { leaseMs }
const log = await openEmbeddedEventLog({ directory, topics: Object.values(testTopics), log: silent, ...lease })
const post = (message: ThreadMessage): void => parentPort?.postMessage(message)
const subscriber = await log.subscribe({
  group,
  topics: [testTopics.stream.name],
  maxRecords: 10,
  onAssigned: (partitions) => post({ kind: 'assigned', partitions: partitions.length }),
  onBatch: async (batch) => {
    const receivedAtMs = performance.timeOrigin + performance.now()
    await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
    post({
      kind: 'records',
      places: batch.records.map(({ partition, offset }) => `${partition}/${offset}`),
      receivedAtMs,
    })
  },
})
/** `stop`, or a lock: the thread stalls until it is notified there. */
const onMessage = (message: 'stop' | Int32Array): void => {
  if (message !== 'stop') return void Atomics.wait(message, 0, 0)
  parentPort?.off('message', onMessage)
  void subscriber[Symbol.asyncDispose]().then(() => log[Symbol.asyncDispose]())
}
parentPort?.on('message', onMessage)
