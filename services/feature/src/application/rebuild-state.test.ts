import { stateRebuildsPrefix, topics } from '@rapport/contracts'
import { ObjectStoreError } from '@rapport/object-store'
import type { Application } from '@rapport/online-store'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { anEvent, noonMs } from '../testing/events.ts'
import { atGate } from '../testing/gate.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { isFinished } from '../domain/rebuild-work.ts'
import { readRebuild, requestRebuild } from './rebuild-records.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

const traffic = (count: number, tenant = 'shop'): ReturnType<typeof anEvent>[] =>
  Array.from({ length: count }, (_, index) =>
    anEvent({
      tenant,
      userId: `u${index % 17}`,
      ...(index % 5 === 0 ? { anonymousId: `a${index % 11}` } : {}),
      ...(index % 9 === 0 ? { type: 'identify', traits: { plan: `p${index}`, n: index } } : {}),
      ...(index % 9 === 4 ? { event: 'Order Completed' } : {}),
      items: [`i${index % 7}`, `i${index % 13}`],
      atMs: noonMs + ((index * 7919) % 300) * 60_000,
    }),
  )

const finished = (id: string): Promise<void> =>
  vi.waitFor(
    async () => {
      const record = await readRebuild(harness.dependencies.objectStore, { tenant: 'shop', id })
      if (record === undefined || !isFinished(record)) throw new Error(`the rebuild is ${record?.state}`)
    },
    { timeout: 20_000, interval: 20 },
  )

describe('rebuilding state', () => {
  it('reaches the live state field by field, under traffic, and leaves other tenants alone', async () => {
    await harness.startConsuming()
    const events = traffic(600)
    await harness.publish([...events, ...traffic(50, 'other-shop'), ...events.slice(0, 40)])
    await harness.settled()
    const [before, others] = [await harness.exported(), await harness.exported('other-shop')]
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    const more = traffic(300)
    for (let start = 0; start < more.length; start += 50) await harness.publish(more.slice(start, start + 50))
    await finished(id)
    await harness.settled()
    expect(await readRebuild(harness.dependencies.objectStore, { tenant: 'shop', id })).toMatchObject({
      state: 'done',
      attempts: 1,
    })

    await using other = await createHarness()
    await other.startConsuming()
    await other.publish([...events, ...traffic(50, 'other-shop'), ...events.slice(0, 40)])
    await other.publish(more)
    await other.settled()
    expect(await harness.exported()).toBe(await other.exported())
    expect(await harness.exported()).not.toBe(before)
    expect(await harness.exported('other-shop')).toBe(others)
  })

  it('makes a broken state whole again', async () => {
    await harness.startConsuming()
    await harness.publish(traffic(100))
    await harness.settled()
    const before = await harness.exported()
    await harness.dependencies.onlineStore.clearState('shop')
    expect(await harness.exported()).toBe('')
    await finished((await requestRebuild(harness.dependencies, 'shop')).id)
    expect(await harness.exported()).toBe(before)
  })

  it('begins again at the next start when the process stopped in the middle', async () => {
    const gate = atGate((name) => name === 'clearState')
    const first = await harness.startMortal(({ onlineStore }) => ({ onlineStore: gate.before(onlineStore) }))
    await harness.publish(traffic(100))
    await harness.settled()
    const before = await harness.exported()
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    await gate.reached
    await first.kill()
    gate.open()
    await harness.dependencies.onlineStore.clearState('shop')
    await harness.startConsuming()
    await finished(id)
    expect(await harness.exported()).toBe(before)
    expect(await readRebuild(harness.dependencies.objectStore, { tenant: 'shop', id })).toMatchObject({
      state: 'done',
      attempts: 2,
    })
  })

  it('does not keep a process from stopping, and goes on at the next start', async () => {
    await harness.publish(traffic(50))
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    const { objectStore } = harness.dependencies
    const unable = new Proxy(objectStore, {
      get(target, name) {
        if (name === 'put') {
          return (...call: Parameters<typeof objectStore.put>) =>
            call[0].startsWith('archive/') ? Promise.reject(new Error('no room')) : target.put(...call)
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const first = await harness.startConsuming({ objectStore: unable })
    await vi.waitFor(async () =>
      expect((await readRebuild(objectStore, { tenant: 'shop', id }))?.state).toBe('running'),
    )
    await first[Symbol.asyncDispose]()
    expect((await readRebuild(objectStore, { tenant: 'shop', id }))?.state).toBe('running')
    await harness.startConsuming()
    await finished(id)
    expect(await readRebuild(objectStore, { tenant: 'shop', id })).toMatchObject({
      state: 'done',
      attempts: 2,
      eventsRead: 50,
    })
  })

  it('is not forgotten when its record could not be read at once', async () => {
    await harness.publish(traffic(50))
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    const { objectStore } = harness.dependencies
    let failures = 0
    const shaky = new Proxy(objectStore, {
      get(target, name) {
        if (name === 'get') {
          return (key: string) => {
            if (failures >= 2 || !key.startsWith(stateRebuildsPrefix('shop'))) return target.get(key)
            failures += 1
            return Promise.reject(new ObjectStoreError('RPT_OBJECT_STORE_UNAVAILABLE', 'the store is away'))
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    await harness.startConsuming({ objectStore: shaky })
    expect(failures).toBe(2)
    await finished(id)
    expect(await readRebuild(objectStore, { tenant: 'shop', id })).toMatchObject({ state: 'done', eventsRead: 50 })
  })

  it('answers with the one under way, and removes the command of a finished one', async () => {
    const first = await requestRebuild(harness.dependencies, 'shop')
    expect(await requestRebuild(harness.dependencies, 'shop')).toEqual(first)
    await harness.startConsuming()
    await finished(first.id)
    const { eventLog, objectStore } = harness.dependencies
    await vi.waitFor(async () => {
      const commands = await eventLog.read({ topic: topics.stateCommands.name, partition: 0, offset: 0 }, 100)
      expect(commands.filter(({ key, value }) => key.startsWith('rebuild/') && value !== null)).toEqual([])
    })
    const second = await requestRebuild(harness.dependencies, 'shop')
    expect(second.id).not.toBe(first.id)
    await finished(second.id)
    expect((await Array.fromAsync(objectStore.list(stateRebuildsPrefix('shop')))).length).toBe(2)
  })

  it('leaves out an event that fails for an unknown reason, as live consumption gives it up', async () => {
    let refusals = 0
    const onlineStore = new Proxy(harness.dependencies.onlineStore, {
      get(target, name) {
        if (name === 'apply') {
          return (applications: readonly Application[]) => {
            if (!applications.some(({ entries }) => entries.some(({ messageId }) => messageId === 'poison')))
              return target.apply(applications)
            refusals += 1
            throw new TypeError('undefined is not a function')
          }
        }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    await harness.startConsuming({ onlineStore })
    const events = traffic(40)
    await harness.publish([...events.slice(0, 20), anEvent({ messageId: 'poison' }), ...events.slice(20)])
    await harness.settled()
    const [live, liveRefusals] = [await harness.exported(), refusals]
    expect(liveRefusals).toBeGreaterThanOrEqual(3)
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    await finished(id)
    expect(refusals).toBeGreaterThan(liveRefusals)
    expect(await readRebuild(harness.dependencies.objectStore, { tenant: 'shop', id })).toMatchObject({ state: 'done' })
    expect(await harness.exported()).toBe(live)
  })

  it('says so when the archive cannot be read', async () => {
    const { objectStore } = harness.dependencies
    await objectStore.put(
      'archive/shop/rapport.events.v1/0/0000000000000000-0000000000000001.ndjson.gz',
      Buffer.from('x'),
    )
    await harness.startConsuming()
    const { id } = await requestRebuild(harness.dependencies, 'shop')
    await finished(id)
    const record = await readRebuild(objectStore, { tenant: 'shop', id })
    expect(record?.state).toBe('failed')
    expect(record?.error).toContain('is no whole gzip file')
  })
})
