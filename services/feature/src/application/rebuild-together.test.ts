import { setImmediate as nextTurn } from 'node:timers/promises'
import { statePartitionCount, type Event, type StateRebuildRecord } from '@rapport/contracts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isFinished } from '../domain/rebuild-work.ts'
import { anEvent, noonMs } from '../testing/events.ts'
import { atGate, type Gate } from '../testing/gate.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import type { Mortal } from '../testing/mortal.ts'
import { readRebuild, requestRebuild } from './rebuild-records.ts'

const wait = { timeout: 25_000, interval: 20 }
const byNumber = (one: number, other: number): number => one - other

let harness: Harness
let gates: Gate[]
beforeEach(async () => {
  harness = await createHarness()
  gates = []
})
afterEach(async () => {
  for (const gate of gates) gate.open()
  await harness[Symbol.asyncDispose]()
})

const reviewOf = (item: string, rating: number) => ({
  event: 'Product Reviewed',
  properties: { product_id: item, rating, review: 'as I say' },
})

let made = 0
const traffic = (count: number, tenant = 'shop'): Event[] =>
  Array.from({ length: count }, () => {
    made += 1
    return anEvent({
      tenant,
      userId: `u${made % 37}`,
      ...(made % 5 === 0 ? { anonymousId: `a${made % 11}` } : {}),
      ...(made % 9 === 4 ? { event: 'Order Completed' } : {}),
      items: [`i${made % 7}`, `i${made % 13}`],
      ...(made % 8 === 3 ? reviewOf(`i${made % 7}`, made % 6) : {}),
      atMs: noonMs + ((made * 7919) % 300) * 60_000,
    })
  })

/** Publishes without a pause until it is stopped; resolves to everything published. */
function startStream(): () => Promise<Event[]> {
  const published: Event[] = []
  const stopping = new AbortController()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted && published.length < 20_000) {
      // Now and then a client sends an event of before once more.
      const events = [...traffic(15), ...traffic(3, 'other-shop'), ...published.slice(0, 1)]
      await harness.publish(events)
      published.push(...events)
      await nextTurn()
    }
  }
  const running = run()
  return async () => {
    stopping.abort()
    await running
    return published
  }
}

/** A gate before what matches in any service of the test that uses it. */
function gateBefore(matches: Parameters<typeof atGate>[0]): Gate {
  const gate = atGate(matches)
  gates.push(gate)
  return gate
}
const beforeClearing = (): Gate => gateBefore((name) => name === 'clearState')
const beforeReplaying = (): Gate =>
  gateBefore((name, [key]) => name === 'get' && String(key).startsWith('archive/shop/'))

/** A process that comes to the gate when it is up to it to clear or to replay. */
const startAt = (gate: Gate): Promise<Mortal & AsyncDisposable> =>
  start(
    harness.startMortal(({ onlineStore, objectStore }) => ({
      onlineStore: gate.before(onlineStore),
      objectStore: gate.before(objectStore),
    })),
  )
async function start(starting: ReturnType<Harness['startMortal']>): Promise<Mortal & AsyncDisposable> {
  const { service, ...process } = await starting
  return { ...process, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() }
}

const shared = (...processes: readonly Mortal[]): Promise<void> =>
  vi.waitFor(() => {
    const counts = processes.map((process) => process.held().length)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(counts.reduce((sum, count) => sum + count)).toBe(statePartitionCount)
  }, wait)

const read = (id: string): Promise<StateRebuildRecord | undefined> =>
  readRebuild(harness.dependencies.objectStore, { tenant: 'shop', id })
const finished = (id: string): Promise<StateRebuildRecord> =>
  vi.waitFor(async () => {
    const record = await read(id)
    if (record === undefined || !isFinished(record)) throw new Error(`the rebuild is ${JSON.stringify(record)}`)
    return record
  }, wait)

/** That the state is what one process makes of the same events with nothing in between. */
async function expectUndisturbed(published: readonly Event[]): Promise<void> {
  await harness.settled()
  await using other = await createHarness()
  await other.startConsuming()
  await other.publish(published)
  await other.settled()
  expect(await harness.exported()).toBe(await other.exported())
  expect(await harness.exported('other-shop')).toBe(await other.exported('other-shop'))
}

/** Two processes and a history; then a rebuild while events stream in, and `disturb` when the first process is at the gate. */
async function rebuildWith(
  gate: Gate | undefined,
  disturb: (first: Mortal & AsyncDisposable, second: Mortal & AsyncDisposable) => Promise<void>,
): Promise<StateRebuildRecord> {
  const first = await (gate === undefined ? start(harness.startMortal()) : startAt(gate))
  const second = await (gate === undefined ? start(harness.startMortal()) : startAt(gate))
  await shared(first, second)
  const history = traffic(400)
  await harness.publish(history)
  await harness.settled()
  const stop = startStream()
  const { id } = await requestRebuild(harness.dependencies, 'shop')
  await gate?.reached
  await disturb(first, second)
  gate?.open()
  const record = await finished(id)
  const streamed = await stop()
  expect(streamed.length).toBeGreaterThan(50)
  await expectUndisturbed([...history, ...streamed])
  return record
}

describe('a rebuild by several processes', () => {
  it('reaches the state of an undisturbed application while events stream in', async () => {
    const record = await rebuildWith(undefined, () => Promise.resolve())
    expect(record).toMatchObject({ state: 'done', attempts: 1 })
    const holders = new Set(record.work?.partitions.map(({ holder }) => holder))
    expect(holders.size).toBe(2)
    expect(record.eventsRead).toBeGreaterThanOrEqual(400)
    // Copies are read too.
    expect(record.eventsApplied).toBeLessThan(record.eventsRead)
    expect(record.eventsApplied).toBeGreaterThanOrEqual(400)
  })

  it('does not clear before a batch has ended that a process is held up in', async () => {
    const gate = gateBefore((name) => name === 'apply')
    const slow = await startAt(gate)
    const quick = await start(harness.startMortal())
    await shared(slow, quick)
    const history = traffic(200)
    await harness.publish(history)
    await gate.reached
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    const heldBy = async (state: string): Promise<number[]> => {
      const partitions = (await read(id))?.work?.partitions ?? []
      return partitions.flatMap((standing, partition) => (standing.state === state ? [partition] : []))
    }
    await vi.waitFor(async () => expect(await heldBy('held')).toEqual([...quick.held()].sort(byNumber)), wait)
    expect(await heldBy('open')).toEqual([...slow.held()].sort(byNumber))
    const more = traffic(50, 'other-shop')
    await harness.publish(more)
    expect((await read(id))?.work?.phase).toBe('hold')
    gate.open()
    expect(await finished(id)).toMatchObject({ state: 'done', attempts: 1 })
    await expectUndisturbed([...history, ...more])
  })

  it.each([
    ['clears', beforeClearing],
    ['replays', beforeReplaying],
  ])('goes on with a process that joins while one %s', async (_, makeGate) => {
    const record = await rebuildWith(makeGate(), async (first, second) => {
      await shared(first, second, await start(harness.startMortal()))
    })
    expect(record).toMatchObject({ state: 'done', attempts: 1 })
  })

  it.each([
    ['clears', beforeClearing],
    ['replays', beforeReplaying],
  ])('goes on with others when all are killed while one %s', async (_, makeGate) => {
    const gate = makeGate()
    const record = await rebuildWith(gate, async (first, second) => {
      await first.kill()
      await second.kill()
      expect([...first.held(), ...second.held()]).toEqual([])
      await shared(await start(harness.startMortal()), await start(harness.startMortal()))
    })
    expect(record.state).toBe('done')
  })

  it('goes on without one of two that is killed while it replays', async () => {
    const gate = beforeReplaying()
    const record = await rebuildWith(gate, async (first, second) => {
      await first.kill()
      await vi.waitFor(() => expect(second.held()).toHaveLength(statePartitionCount), wait)
    })
    expect(record).toMatchObject({ state: 'done', attempts: 1 })
    expect(new Set(record.work?.partitions.map(({ holder }) => holder)).size).toBe(1)
  })

  it('goes on without one of two that is stopped while it replays', async () => {
    const gate = beforeReplaying()
    const record = await rebuildWith(gate, async (first, second) => {
      const stopping = first[Symbol.asyncDispose]()
      gate.open()
      await stopping
      await vi.waitFor(() => expect(second.held()).toHaveLength(statePartitionCount), wait)
    })
    expect(record).toMatchObject({ state: 'done', attempts: 1 })
  })
  it('goes on while processes come and go', async () => {
    let turns = 0
    const record = await rebuildWith(beforeReplaying(), async (first, second) => {
      const living = [first, second]
      for (; turns < 6; turns += 1) {
        living.push(await start(harness.startMortal()))
        await vi.waitFor(() => expect(living.at(-1)?.held().length).toBeGreaterThan(0), wait)
        const leaving = living.shift()
        if (turns % 2 === 0 || turns < 2) await leaving?.kill()
        else await leaving?.[Symbol.asyncDispose]()
      }
    })
    expect(turns).toBe(6)
    expect(record.state).toBe('done')
  }, 60_000)

  it('begins again when one that was thought to be gone clears after all', async () => {
    const gate = beforeClearing()
    const mute = gateBefore((name, [key]) => name === 'put' && String(key).startsWith('state/shop/'))
    let isMute = false
    const slow = await harness.startMortal(({ onlineStore, objectStore }) => ({
      onlineStore: gate.before(onlineStore),
      objectStore: new Proxy(objectStore, {
        get: (target, name) => Reflect.get(isMute ? mute.before(target) : target, name) as unknown,
      }),
    }))
    const history = traffic(400)
    await harness.publish(history)
    await harness.settled()
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    await gate.reached
    isMute = true
    const other = await start(harness.startMortal())
    await shared(slow, other)
    await vi.waitFor(async () => expect((await read(id))?.work?.phase).toBe('replay'), wait)
    const replacing = await read(id)
    expect(replacing).toMatchObject({ attempts: 2 })
    gate.open()
    isMute = false
    mute.open()
    await vi.waitFor(async () => expect((await read(id))?.attempts).toBe(3), wait)
    expect((await finished(id)).state).toBe('done')
    await expectUndisturbed(history)
  })
})
