import { topics } from '@rapport/contracts'
import { StoreSessionError, type OnlineStore } from '@rapport/online-store'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { anEvent } from '../testing/events.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { LostWrites } from './lost-writes.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

/** A store that can go back to where it was: what it took since is gone, marks included. */
function failingOver(store: OnlineStore): { readonly store: OnlineStore; readonly failOver: () => Promise<void> } {
  let session = 0
  return {
    store: new Proxy(store, {
      get(target, name) {
        if (name === 'session') return session
        if (name === 'apply') {
          return (...[applications, options]: Parameters<OnlineStore['apply']>) =>
            options?.session !== undefined && options.session !== session
              ? Promise.reject(new StoreSessionError())
              : target.apply(applications)
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    }),
    failOver: async () => {
      // In this order, as the old connection is gone before the new server answers.
      session += 1
      await store.clearState('shop')
    },
  }
}

const events = (count: number, from = 0): ReturnType<typeof anEvent>[] =>
  Array.from({ length: count }, (_, number) => anEvent({ messageId: `m${from + number}`, items: [`i${number % 7}`] }))

it('applies again what a failover of the store took back, before anything newer and once', async () => {
  const { store, failOver } = failingOver(harness.dependencies.onlineStore)
  await using _service = await harness.startConsuming({ onlineStore: store })
  await harness.publish(events(50))
  await harness.settled()
  const before = await harness.exported()
  await failOver()
  expect(await harness.exported()).not.toBe(before)
  // Nobody sends anything: it comes back by itself.
  await vi.waitFor(async () => expect(await harness.exported()).toBe(before), { timeout: 10_000 })
  await harness.publish(events(50, 50))
  await failOver()
  await harness.settled()
  const user = '{"kind":"user","id":"u1","sequence":100}'
  await vi.waitFor(async () => expect(await harness.exported()).toContain(user), { timeout: 10_000 })
})

it('goes back only when it is known what is held, and lets nothing newer be written before', async () => {
  const topic = topics.events.name
  const onlineStore = { session: 0 } as OnlineStore & { session: number }
  let held: readonly number[] | undefined = [3]
  const seeks: unknown[] = []
  const live = {
    pause: async () => {},
    resume: () => {},
    held: () => held,
    seek: async (places: unknown) => void seeks.push(places),
  }
  await using lostWrites = new LostWrites({ onlineStore, log: silent, rewindMs: 60_000 })
  expect(lostWrites.begin(3, 40)).toBe(0)
  // The group shares anew, and the store fails over meanwhile.
  held = undefined
  onlineStore.session = 1
  lostWrites.start(live)
  await new Promise((resolve) => setImmediate(resolve))
  expect(seeks).toEqual([])
  expect(lostWrites.begin(3, 45)).toBe(0)
  held = [3]
  await vi.waitFor(() => expect(seeks).toEqual([[{ topic, partition: 3, offset: 40 }]]), { timeout: 10_000 })
  await vi.waitFor(() => expect(lostWrites.begin(3, 40)).toBe(1))
})
