import { expect, test, vi } from 'vitest'
import { TimeSlice } from '../shared/signal.ts'
import type { KafkaConnection } from './connection.ts'
import { encodeAssignment } from './consumer-protocol.ts'
import { KafkaError } from './kafka-error.ts'
import { KafkaSubscriber } from './subscriber.ts'

const WAIT = { timeout: 10_000, interval: 5 }
const place = { topic: 'stream', partition: 0 }
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A group of which this member gets the only partition again and again, whenever the others have joined too. */
class Group {
  isSharingAnew = false
  others = Promise.withResolvers<void>()
  #generation = 0

  constructor() {
    this.others.resolve()
  }

  shareAnew(): void {
    this.others = Promise.withResolvers()
    this.isSharingAnew = true
  }

  readonly connection = {
    leaders: async () => [1],
    refresh: async () => {},
    close: async () => {},
    leaveGroup: async () => {},
    commitOffsets: async () => {},
    committedOffsets: async () => [],
    offsetsAt: async () => new Map([[0, 0]]),
    // There is nothing to send.
    fetch: () => new Promise(() => {}),
    heartbeat: async () => {
      if (this.isSharingAnew) throw new KafkaError('REBALANCE_IN_PROGRESS', 'the group shares anew')
    },
    joinGroup: async () => {
      await this.others.promise
      this.isSharingAnew = false
      this.#generation += 1
      return { generation: this.#generation, memberId: 'this', leaderId: 'other', members: [] }
    },
    syncGroup: async () => encodeAssignment([place]),
  } as unknown as KafkaConnection
}

function join({ connection }: Group): KafkaSubscriber {
  return new KafkaSubscriber({
    connection,
    control: connection,
    topics: [{ name: 'stream', partitions: 1, isCompacted: false }],
    times: { sessionTimeoutMs: 15_000, rebalanceTimeoutMs: 30_000, heartbeatMs: 20, maxWaitMs: 20 },
    slice: new TimeSlice(),
    log: silent,
    random: Math.random,
    subscription: { group: 'group', topics: ['stream'], onBatch: async () => {} },
  })
}

test('what is held cannot be said while the group shares anew, and is kept afterwards', async () => {
  const group = new Group()
  const subscriber = join(group)
  expect(subscriber.held()).toBeUndefined()
  await vi.waitFor(() => expect(subscriber.held()).toEqual([place]), WAIT)
  group.shareAnew()
  await vi.waitFor(() => expect(subscriber.held()).toBeUndefined(), WAIT)
  await subscriber.pause()
  // The partition is this member's still, but nobody may commit meanwhile.
  await expect(subscriber.seek([{ ...place, offset: 0 }])).rejects.toMatchObject({ name: 'NotCurrentError' })
  subscriber.resume()
  group.others.resolve()
  await vi.waitFor(() => expect(subscriber.held()).toEqual([place]), WAIT)
  await subscriber[Symbol.asyncDispose]()
  expect(subscriber.held()).toEqual([])
})
