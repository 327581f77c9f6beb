import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EmbeddedEventLog } from './index.ts'
import type { ThreadMessage, ThreadOptions } from './testing/consuming-thread.ts'
import { openEmbeddedHarness, type EmbeddedHarness } from './testing/harness.ts'
import { testTopics } from './testing/topics.ts'

const WAIT = { timeout: 20_000, interval: 5 }
const LEASE_MS = 1500
const stream = testTopics.stream.name
const file = fileURLToPath(new URL('testing/consuming-thread.ts', import.meta.url))

let harness: EmbeddedHarness
let log: EmbeddedEventLog

beforeEach(async () => {
  harness = await openEmbeddedHarness(Object.values(testTopics))
  log = await harness.connect({ leaseMs: LEASE_MS })
})
afterEach(() => harness[Symbol.asyncDispose]())

interface Thread {
  readonly worker: Worker
  readonly places: string[]
  readonly receivedAtMs: number[]
  readonly shares: number[]
}

function startThread(group: string, options: Pick<ThreadOptions, 'stall'> = {}): Thread {
  const workerData: ThreadOptions = { directory: harness.directory, group, leaseMs: LEASE_MS, ...options }
  const thread: Thread = { worker: new Worker(file, { workerData }), places: [], receivedAtMs: [], shares: [] }
  thread.worker.on('message', (message: ThreadMessage) => {
    if (message.kind === 'assigned') return void thread.shares.push(message.partitions)
    thread.places.push(...message.places)
    thread.receivedAtMs.push(message.receivedAtMs)
  })
  return thread
}

async function stop({ worker }: Thread): Promise<void> {
  const exited = once(worker, 'exit')
  worker.postMessage('stop')
  expect(await exited).toEqual([0])
}

test('a consumer on another thread is woken by a publish here, without polling', async () => {
  const thread = startThread('woken')
  await vi.waitFor(() => expect(thread.shares).toEqual([4]), WAIT)
  const publishedAtMs: number[] = []
  for (let index = 0; index < 20; index += 1) {
    await log.publish([{ topic: stream, key: `k${index}`, value: Buffer.from('v') }])
    publishedAtMs.push(performance.timeOrigin + performance.now())
    // The next one only when this one has arrived: each needs a wake-up of its own.
    await vi.waitFor(() => expect(thread.places).toHaveLength(index + 1), { timeout: 5000, interval: 1 })
  }
  const delays = publishedAtMs.map((at, index) => (thread.receivedAtMs[index] ?? Number.NaN) - at)
  const median = delays.sort((a, b) => a - b)[10] ?? Number.NaN
  // The safety look at the group comes each third of a lease: a lost wake-up would show as that.
  expect(median).toBeLessThan(LEASE_MS / 6)
  await stop(thread)
})

test('members on two threads share the partitions, and each record is committed by one of them', async () => {
  const thread = startThread('shared')
  await vi.waitFor(() => expect(thread.shares).toEqual([4]), WAIT)
  const here: string[] = []
  await using _subscriber = await log.subscribe({
    group: 'shared',
    topics: [stream],
    onBatch: async (batch) => {
      await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
      here.push(...batch.records.map(({ partition, offset }) => `${partition}/${offset}`))
    },
  })
  await vi.waitFor(() => expect(thread.shares.at(-1)).toBe(2), WAIT)
  await Promise.all(
    Array.from({ length: 400 }, (_, key) => log.publish([{ topic: stream, key: `k${key}`, value: Buffer.from('v') }])),
  )
  await vi.waitFor(() => expect(here.length + thread.places.length).toBe(400), WAIT)
  expect(new Set([...here, ...thread.places]).size).toBe(400)
  expect(here.length).toBeGreaterThan(0)
  expect(thread.places.length).toBeGreaterThan(0)
  await stop(thread)
  await log.publish(Array.from({ length: 40 }, (_, key) => ({ topic: stream, key: `m${key}`, value: null })))
  await vi.waitFor(() => expect(new Set([...here, ...thread.places]).size).toBe(440), WAIT)
})

test('partitions of a thread that was terminated move over when its lease has run out', async () => {
  const thread = startThread('orphaned')
  await vi.waitFor(() => expect(thread.shares).toEqual([4]), WAIT)
  await thread.worker.terminate()
  const shares: number[] = []
  let records = 0
  await using _subscriber = await log.subscribe({
    group: 'orphaned',
    topics: [stream],
    onAssigned: (partitions) => void shares.push(partitions.length),
    onBatch: async (batch) => void (records += batch.records.length),
  })
  await log.publish(Array.from({ length: 40 }, (_, key) => ({ topic: stream, key: `k${key}`, value: null })))
  await vi.waitFor(() => expect(records).toBe(40), WAIT)
  expect(shares.at(-1)).toBe(4)
})

test('a thread that gets the same partitions again, after another had them while it stalled, is told so', async () => {
  const stall = new Int32Array(new SharedArrayBuffer(4))
  const thread = startThread('stalled', { stall })
  await vi.waitFor(() => expect(thread.shares).toEqual([4]), WAIT)
  let held = 0
  const other = await log.subscribe({
    group: 'stalled',
    topics: [stream],
    onAssigned: (partitions) => void (held = partitions.length),
    onBatch: async () => undefined,
  })
  await vi.waitFor(() => expect([held, other.held()?.length]).toEqual([4, 4]), WAIT)
  await other[Symbol.asyncDispose]()
  expect(thread.shares).toEqual([4])
  Atomics.store(stall, 0, 1)
  Atomics.notify(stall, 0)
  await vi.waitFor(() => expect(thread.shares).toEqual([4, 4]), WAIT)
  await stop(thread)
})
