import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EventLog, LogRecord } from '../../event-log.ts'
import { openEmbeddedEventLog } from './index.ts'
import { openEmbeddedHarness, silent, type EmbeddedHarness } from './testing/harness.ts'
import { testTopics } from './testing/topics.ts'

const stream = testTopics.stream.name
const pathOf = (file: string): string => fileURLToPath(new URL(`testing/${file}`, import.meta.url))

let harness: EmbeddedHarness

beforeEach(async () => {
  harness = await openEmbeddedHarness(Object.values(testTopics))
})
afterEach(() => harness[Symbol.asyncDispose]())

function startChild(file: string, ...args: string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [pathOf(file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('kill -9 of a process that publishes: every acknowledged record is there, once, and nothing is torn', async () => {
  const acknowledged = new Map<string, string>()
  for (const [round, enough] of [300, 2000, 700].entries()) {
    const child = startChild('publishing-child.ts', harness.directory, `run${round}`)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    await vi.waitFor(() => expect(output.length).toBeGreaterThan(enough * 15), { timeout: 20_000, interval: 1 })
    child.kill('SIGKILL')
    const [, signal] = (await once(child, 'close')) as [number | null, string]
    expect(signal).toBe('SIGKILL')
    // The last line may be cut off.
    for (const line of output.split('\n').slice(0, -1)) {
      const [partition, offset, key = ''] = line.split(' ')
      acknowledged.set(`${partition}/${offset}`, key)
    }
  }
  const log = await harness.connect()
  const found = new Map<string, string>()
  for (const { partition, nextOffset } of await log.extents(stream)) {
    for (let offset = 0; offset < nextOffset;) {
      for (const record of await log.read({ topic: stream, partition, offset }, 1000)) {
        expect(record.offset).toBe(offset)
        expect(
          Buffer.from(record.value ?? [])
            .toString()
            .trimEnd(),
        ).toBe(`value of ${record.key}`)
        found.set(`${partition}/${offset}`, record.key)
        offset += 1
      }
    }
  }
  expect(acknowledged.size).toBeGreaterThan(1500)
  for (const [place, key] of acknowledged) expect(found.get(place)).toBe(key)
  expect(new Set(found.values()).size).toBe(found.size)
})

test('partitions of a process that ended without a word are taken up at once', async () => {
  const child = startChild('idle-child.ts', harness.directory)
  await once(child, 'exit')
  const log = await harness.connect()
  const records: LogRecord[] = []
  await log.publish([{ topic: stream, key: 'k', value: Buffer.from('v') }])
  const startedAtMs = performance.now()
  await using _subscriber = await log.subscribe({
    group: 'idle',
    topics: [stream],
    onBatch: async (batch) => void records.push(...batch.records),
  })
  await vi.waitFor(() => expect(records).toHaveLength(1), { timeout: 10_000, interval: 5 })
  // The lease that it left behind would have lasted 15 s.
  expect(performance.now() - startedAtMs).toBeLessThan(10_000)
})

test('a process with nothing but a subscriber and a follower ends by itself', async () => {
  const child = startChild('idle-child.ts', harness.directory)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  expect([code, output]).toEqual([0, 'idle\n'])
})

/** Keeps the log from writing until it is released. */
async function holdLock(): Promise<{ release: () => Promise<unknown> }> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { directory: harness.directory, holdMs: 20_000, gate }
  const holder = new Worker(pathOf('lock-holding-thread.ts'), { workerData })
  const ended = once(holder, 'exit')
  await once(holder, 'message')
  const release = (): Promise<unknown> => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    return ended
  }
  return { release }
}

test('a publish that is not on disk by its deadline is rejected as unknown, and the log goes on', async () => {
  const log = await harness.connect()
  await log.publish([{ topic: stream, key: 'before', value: null }])
  const { release } = await holdLock()
  const publishing = log.publish([{ topic: stream, key: 'k', value: Buffer.from('v') }], { deadlineMs: 50 })
  await expect(publishing).rejects.toMatchObject({
    name: 'PublishError',
    code: 'RPT_PUBLISH_UNKNOWN',
    outcome: 'unknown',
    reason: 'deadline',
    canRetry: true,
  })
  await release()
  await expect(log.publish([{ topic: stream, key: 'after', value: null }])).resolves.toHaveLength(1)
})

describe('more than a batch holds', () => {
  const mebibyte = new Uint8Array(1024 * 1024).fill(1)
  const publishMebibytes = (log: EventLog, count: number, deadlineMs?: number) =>
    Array.from({ length: count }, (_, index) =>
      log.publish(
        [{ topic: stream, key: `k${index}`, value: mebibyte }],
        deadlineMs === undefined ? {} : { deadlineMs },
      ),
    )
  const full = { name: 'PublishError', code: 'RPT_PUBLISH_REFUSED', outcome: 'refused', reason: 'full', canRetry: true }

  async function published(log: EventLog): Promise<number> {
    return (await log.extents(stream)).reduce((sum, { nextOffset }) => sum + nextOffset, 0)
  }

  test('waits for its turn, and all of it becomes durable', async () => {
    const log = await harness.connect()
    await Promise.all(publishMebibytes(log, 60))
    expect(await published(log)).toBe(60)
  })

  test('is refused once 64 MiB wait, and what was refused is not written', async () => {
    const log = await harness.connect()
    const outcomes = await Promise.allSettled(publishMebibytes(log, 100))
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of refused) expect(reason).toMatchObject(full)
    // A batch takes 8 MiB, and less than 64 times a mebibyte and its key wait.
    expect(outcomes.slice(0, 71).every(({ status }) => status === 'fulfilled')).toBe(true)
    expect(refused).toHaveLength(29)
    expect(await published(log)).toBe(71)
    await Promise.all(publishMebibytes(log, 10))
    expect(await published(log)).toBe(81)
  })

  test('makes room again when its deadline has passed', async () => {
    const log = await harness.connect()
    const { release } = await holdLock()
    // These have their place in a batch.
    const first = publishMebibytes(log, 8)
    const overdue = publishMebibytes(log, 63, 50)
    await expect(log.publish([{ topic: stream, key: 'k', value: mebibyte }])).rejects.toMatchObject(full)
    for (const outcome of await Promise.allSettled(overdue)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { reason: 'deadline' } })
    }
    const later = publishMebibytes(log, 63)
    await expect(log.publish([{ topic: stream, key: 'k', value: mebibyte }])).rejects.toMatchObject(full)
    await release()
    await Promise.all([...first, ...later])
    expect(await published(log)).toBe(71)
  })
})

test('a changed topic is refused, by name', async () => {
  await harness.connect()
  const topics = [{ ...testTopics.stream, partitions: 5 }]
  await expect(openEmbeddedEventLog({ directory: harness.directory, topics, log: silent })).rejects.toMatchObject({
    code: 'RPT_EVENT_LOG_TOPIC_CHANGED',
    message: expect.stringContaining(stream) as string,
  })
})

test('a closed log refuses calls', async () => {
  const log = await harness.connect()
  await log[Symbol.asyncDispose]()
  await expect(log.publish([{ topic: stream, key: 'k', value: null }])).rejects.toMatchObject({ reason: 'closed' })
  await expect(log.extents(stream)).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_CLOSED' })
})

test('what rejects at once, with no jitter to wait for, does not hold up the thread', async () => {
  const log = await harness.connect({ random: () => 0 })
  await log.publish([{ topic: stream, key: 'k', value: null }])
  const enough = 20_000
  let calls = 0
  let callsAtTimer: number | undefined
  const onBatch = async (): Promise<void> => {
    calls += 1
    if (calls === 1) setTimeout(() => (callsAtTimer = calls), 1)
    if (calls < enough && callsAtTimer === undefined) throw new Error('not yet')
  }
  await using _subscriber = await log.subscribe({ group: 'eager', topics: [stream], onBatch })
  await vi.waitFor(() => expect(callsAtTimer).toBeDefined(), { timeout: 10_000, interval: 5 })
  expect(callsAtTimer).toBeLessThan(enough)
})
