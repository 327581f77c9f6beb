// A thread that consumes with the group it is told and posts what it gets.
import { parentPort, workerData } from 'node:worker_threads'
import { openEmbeddedEventLog } from '../index.ts'
import { silent } from './harness.ts'
import { testTopics } from './topics.ts'

export interface ThreadOptions {
  readonly directory: string
  readonly group: string
  readonly leaseMs?: number
  /**
   * Where the thread stalls, once, when it has been given partitions, until it is notified there. It has no transaction
   * open at that moment: one that stalled with the lock of all writers would stall them too.
   */
  readonly stall?: Int32Array
}

export type ThreadMessage =
  | { readonly kind: 'assigned'; readonly partitions: number }
  | { readonly kind: 'records'; readonly places: readonly string[]; readonly receivedAtMs: number }

const { directory, group, leaseMs, stall } = workerData as ThreadOptions
const lease = leaseMs === undefined ? {} : { leaseMs }
const log = await openEmbeddedEventLog({ directory, topics: Object.values(testTopics), log: silent, ...lease })
const post = (message: ThreadMessage): void => parentPort?.postMessage(message)
const subscriber = await log.subscribe({
  group,
  topics: [testTopics.stream.name],
  maxRecords: 10,
  onAssigned: (partitions) => {
    post({ kind: 'assigned', partitions: partitions.length })
    if (stall !== undefined) Atomics.wait(stall, 0, 0)
  },
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
parentPort?.once('message', () => {
  void subscriber[Symbol.asyncDispose]().then(() => log[Symbol.asyncDispose]())
})
