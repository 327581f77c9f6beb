import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RecordBatch, Subscriber } from '../../../event-log.ts'
import { groupsOfClient } from '../../platformatic/testing/groups.ts'
import type { KafkaEventLog } from '../kafka-event-log.ts'
import { clientOptions, openKafkaHarness, type KafkaDriver, type KafkaHarness } from '../testing/harness.ts'

/** Members of a group that come, go and take long. */
export function describeGroups(driver: KafkaDriver): void {
  const WAIT = { timeout: 20_000, interval: 10 }

  let harness: KafkaHarness
  let log: KafkaEventLog
  let group: string
  let stream: string

  beforeEach(async () => {
    group = `group-${randomUUID()}`
    stream = `test.groups-${randomUUID()}.v1`
    harness = await openKafkaHarness(driver, [{ name: stream, partitions: 2, cleanup: 'delete' }])
    log = await harness.connect()
  })
  afterEach(() => harness[Symbol.asyncDispose]())

  const records = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      topic: stream,
      key: `key-${index}`,
      value: Buffer.from(String(index)),
    }))
  const placesOf = (batch: RecordBatch): string[] =>
    batch.records.map(({ partition, offset }) => `${partition}/${offset}`)
  const endOf = (batch: RecordBatch): number => (batch.records.at(-1)?.offset ?? -1) + 1

  test('partitions move only when the batches in flight have ended, and what those commit counts', async () => {
    await log.publish(records(40))
    const gate = Promise.withResolvers<void>()
    const held: RecordBatch[] = []
    const first: string[] = []
    await using _first = await log.subscribe({
      group,
      topics: [stream],
      onBatch: async (batch) => {
        held.push(batch)
        await gate.promise
        first.push(...placesOf(batch))
        await batch.commit(endOf(batch))
      },
    })
    await vi.waitFor(() => expect(held).toHaveLength(2), WAIT)
    const other = await harness.connect()
    const second: string[] = []
    let assigned = 0
    await using _second = await other.subscribe({
      group,
      topics: [stream],
      onAssigned: (partitions) => void (assigned = partitions.length),
      onBatch: async (batch) => {
        second.push(...placesOf(batch))
        await batch.commit(endOf(batch))
      },
    })
    // Several heartbeats, each of which tells the first that the group wants to share anew.
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(assigned).toBe(0)
    expect(held.every((batch) => batch.isCurrent())).toBe(true)
    gate.resolve()
    await vi.waitFor(() => expect(assigned).toBe(1), WAIT)
    await log.publish(records(40))
    await vi.waitFor(() => expect(new Set([...first, ...second]).size).toBe(80), WAIT)
    expect(first.length + second.length).toBe(80)
    expect(second.length).toBeGreaterThan(0)
  })

  test('a batch that outlasts the rebalance is not current before another has its partition, and cannot commit', async () => {
    const slow = await harness.connect({ rebalanceTimeoutMs: 2000 })
    await log.publish(records(40))
    const gate = Promise.withResolvers<void>()
    const held: RecordBatch[] = []
    await using _first = await slow.subscribe({
      group,
      topics: [stream],
      onBatch: async (batch) => {
        held.push(batch)
        await gate.promise
        await batch.commit(endOf(batch))
      },
    })
    await vi.waitFor(() => expect(held).toHaveLength(2), WAIT)
    const other = await harness.connect()
    const taken: { partition: number; heldIsCurrent: boolean }[] = []
    await using _second = await other.subscribe({
      group,
      topics: [stream],
      onBatch: async (batch) => {
        const before = held.find(({ partition }) => partition === batch.partition)
        taken.push({ partition: batch.partition, heldIsCurrent: before?.isCurrent() ?? false })
        await batch.commit(endOf(batch))
      },
    })
    await vi.waitFor(() => expect(taken.length).toBeGreaterThan(0), WAIT)
    expect(taken.map(({ heldIsCurrent }) => heldIsCurrent)).not.toContain(true)
    const moved = held.find(({ partition }) => partition === taken[0]?.partition)
    await expect(moved?.commit(1)).rejects.toMatchObject({ code: 'RPT_EVENT_LOG_NOT_CURRENT' })
    gate.resolve()
  })

  test('a handler that takes longer than the session keeps its partition while it lives', async () => {
    const sessionTimeoutMs = 6000
    const patient = await harness.connect({ sessionTimeoutMs, heartbeatMs: 1000 })
    const shares: number[] = []
    let batches = 0
    await using _subscriber = await patient.subscribe({
      group,
      topics: [stream],
      onAssigned: (partitions) => void shares.push(partitions.length),
      onBatch: async (batch) => {
        batches += 1
        await new Promise((resolve) => setTimeout(resolve, sessionTimeoutMs * 1.3))
        expect(batch.isCurrent()).toBe(true)
        await batch.commit(endOf(batch))
      },
    })
    await log.publish(records(1))
    await vi.waitFor(async () => {
      const checkpoints = await log.checkpoints(group, stream)
      expect([...checkpoints.values()].map(({ nextOffset }) => nextOffset)).toEqual([1])
    }, WAIT)
    expect(shares).toEqual([2])
    expect(batches).toBe(1)
  })

  test('a seek to a partition that another member holds moves nothing', async () => {
    await log.publish(records(40))
    const other = await harness.connect()
    const seen: string[] = []
    const subscribe = (by: KafkaEventLog): Promise<Subscriber> =>
      by.subscribe({
        group,
        topics: [stream],
        onBatch: async (batch) => {
          seen.push(...placesOf(batch))
          await batch.commit(endOf(batch))
        },
      })
    await using first = await subscribe(log)
    await using second = await subscribe(other)
    await vi.waitFor(() => expect([first.held()?.length, second.held()?.length]).toEqual([1, 1]), WAIT)
    await vi.waitFor(() => expect(seen).toHaveLength(40), WAIT)
    await first.pause()
    const places = [0, 1].map((partition) => ({ topic: stream, partition, offset: 3 }))
    const refusal = { code: 'RPT_EVENT_LOG_SEEK', canRetry: true }
    await expect(first.seek(places)).rejects.toMatchObject(refusal)
    const own = first.held()?.[0]?.partition
    const after = seen.filter((place) => place.startsWith(`${own}/`)).slice(3)
    await first.seek(places.filter(({ partition }) => partition === own))
    first.resume()
    await vi.waitFor(() => expect(seen.slice(40)).toEqual(after), WAIT)
  })

  test('a follower is in no group', async () => {
    const { brokers } = clientOptions()
    const clientId = `client-${randomUUID()}`
    const other = await harness.connect({ client: { brokers, clientId } })
    const followed: string[] = []
    await using follower = await other.follow(stream, (page) => void followed.push(...page.map(({ key }) => key)))
    await follower.caughtUp
    await log.publish(records(1))
    await vi.waitFor(() => expect(followed).toEqual(['key-0']), WAIT)
    expect(await groupsOfClient(brokers, clientId)).toEqual([])
    // A member would be seen.
    await using _subscriber = await other.subscribe({ group, topics: [stream], onBatch: async () => undefined })
    await vi.waitFor(async () => expect(await groupsOfClient(brokers, clientId)).toEqual([group]), WAIT)
  })
}
