import { randomUUID } from 'node:crypto'
import { startKafka, startKafkaCluster, type KafkaCluster } from '@rapport/infra'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect } from 'node:net'
import { openKafkaHarness, type KafkaDriver, type KafkaHarness } from '../testing/harness.ts'
import { Handled, Ledger } from '../testing/ledger.ts'

/** Brokers that are killed, held and gone, while records are published, consumed and followed. */
export function describeFaults(driver: KafkaDriver): void {
  const WAIT = { timeout: 60_000, interval: 20 }
  const load = { keys: 8, perCall: 5, deadlineMs: 60_000 }

  function answers(broker: string): Promise<boolean> {
    const [host, port] = broker.split(':')
    return new Promise((resolve) => {
      const socket = connect({ host, port: Number(port) })
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }

  interface Run {
    readonly harness: KafkaHarness
    readonly ledger: Ledger
    readonly handled: Handled
    readonly followed: Handled
    /** Ends publishing and waits until the consumers have everything. */
    finish(): Promise<void>
  }

  /** Publishes, consumes as a group and follows, all at once. */
  async function start(kafka: { readonly brokers: readonly string[] }, replicas = 1): Promise<Run> {
    const topic = `test.faults-${randomUUID()}.v1`
    const harness = await openKafkaHarness(
      driver,
      [{ name: topic, partitions: 4, cleanup: 'delete' }],
      { brokers: kafka.brokers, requestTimeoutMs: 3000 },
      { replication: replicas, minInsyncReplicas: Math.min(2, replicas) },
    )
    const publisher = await harness.connect()
    const consumer = await harness.connect({ heartbeatMs: 500 })
    const [ledger, handled, followed] = [new Ledger(), new Handled(), new Handled()]
    await consumer.subscribe({ group: `group-${topic}`, topics: [topic], onBatch: handled.onBatch })
    await consumer.follow(topic, (records) => records.forEach((record) => followed.add(record)))
    ledger.start(publisher, topic, load)
    const flows = (seen: Handled, more: number) => async () => {
      const before = seen.byPlace.size
      await vi.waitFor(() => expect(seen.byPlace.size).toBeGreaterThan(before + more), WAIT)
    }
    await flows(handled, 200)()
    return {
      harness,
      ledger,
      handled,
      followed,
      finish: async () => {
        // By themselves, with no help: new records are published and arrive.
        const total = ledger.total
        await vi.waitFor(() => expect(ledger.total).toBeGreaterThan(total + 200), WAIT)
        await flows(handled, 200)()
        await ledger.stop()
        await vi.waitFor(() => expect([handled.missing(ledger), followed.missing(ledger)]).toEqual([[], []]), WAIT)
        expect(handled.outOfOrder()).toEqual([])
        // Nothing is written twice: sending again is the same sequence.
        for (const numbers of followed.numbers().values()) expect(new Set(numbers).size).toBe(numbers.length)
        expect(followed.duplicates).toBe(0)
      },
    }
  }

  describe('one broker', () => {
    test('killed and started again while records are published and consumed', { timeout: 120_000 }, async () => {
      await using kafka = await startKafka()
      const run = await start(kafka)
      await using _harness = run.harness
      await kafka.server.kill()
      expect(await answers(kafka.brokers[0] ?? '')).toBe(false)
      await kafka.server.start()
      await run.finish()
    })

    test('held for 10 s', { timeout: 120_000 }, async () => {
      await using kafka = await startKafka()
      const run = await start(kafka)
      await using _harness = run.harness
      await kafka.server.pause()
      const before = run.ledger.total
      await new Promise((resolve) => setTimeout(resolve, 10_000))
      // At most what was acknowledged before it stopped.
      expect(run.ledger.total - before).toBeLessThan(load.keys * load.perCall * 2)
      kafka.server.resume()
      await run.finish()
    })

    test(
      'gone for longer than the deadline: unknown, then refused as full, in bounded memory',
      { timeout: 60_000 },
      async () => {
        await using kafka = await startKafka()
        const topic = `test.gone-${randomUUID()}.v1`
        const harness = await openKafkaHarness(driver, [{ name: topic, partitions: 4, cleanup: 'delete' }], {
          brokers: kafka.brokers,
        })
        const maxBufferedBytes = 1024 * 1024
        const log = await harness.connect({ maxBufferedBytes })
        await log.publish([{ topic, key: 'k', value: Buffer.from('v') }])
        await kafka.server.kill()
        const value = Buffer.alloc(200_000)
        const publish = (deadlineMs: number) => log.publish([{ topic, key: 'k', value }], { deadlineMs })
        await expect(publish(500)).rejects.toMatchObject({ outcome: 'unknown', reason: 'deadline', canRetry: true })
        const waiting = Array.from({ length: 10 }, () => publish(3000).catch((error: unknown) => error))
        expect(log.stats().bufferedBytes).toBeLessThanOrEqual(maxBufferedBytes)
        const outcomes = await Promise.all(waiting)
        expect(outcomes).toContainEqual(expect.objectContaining({ outcome: 'refused', reason: 'full', canRetry: true }))
        expect(outcomes).toContainEqual(expect.objectContaining({ outcome: 'unknown', reason: 'deadline' }))
        await kafka.server.start()
        await expect(publish(20_000)).resolves.toHaveLength(1)
        await harness[Symbol.asyncDispose]()
      },
    )
  })

  describe('three brokers, two in sync', () => {
    let cluster: KafkaCluster
    beforeAll(async () => void (cluster = await startKafkaCluster({ brokers: 3 })), 120_000)
    afterAll(() => cluster[Symbol.asyncDispose]())

    test('one killed, and back', { timeout: 180_000 }, async () => {
      const run = await start(cluster, 3)
      await using _harness = run.harness
      await cluster.servers[1]?.kill()
      expect(await answers(cluster.brokers[1] ?? '')).toBe(false)
      // Two of three are enough.
      const total = run.ledger.total
      await vi.waitFor(() => expect(run.ledger.total).toBeGreaterThan(total + 500), WAIT)
      await cluster.servers[1]?.start()
      await run.finish()
    })
  })
}
