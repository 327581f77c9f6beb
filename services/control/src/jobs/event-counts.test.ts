import { topics } from '@rapport/contracts'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventCounter, readEventCounts } from './event-counts.ts'

let platform: TestPlatform
beforeEach(async () => {
  platform = await createTestPlatform()
})
afterEach(() => platform[Symbol.asyncDispose]())

const publish = (tenant: string, count: number): Promise<unknown> =>
  platform.drivers.eventLog.publish(
    Array.from({ length: count }, (_, index) => ({
      topic: topics.events.name,
      key: `${tenant}/u:${index % 20}`,
      value: Buffer.from('{}'),
    })),
  )
const counts = async (): Promise<object> => Object.fromEntries(await readEventCounts(platform.drivers.objectStore))
const counter = (flushMs: number): EventCounter => new EventCounter({ ...platform.dependencies, flushMs })

describe('EventCounter', () => {
  it('counts the events of each tenant', async () => {
    await using running = counter(10)
    await running.start()
    await publish('acme', 300)
    await publish('zen', 7)
    await vi.waitFor(async () => expect(await counts()).toEqual({ acme: 300, zen: 7 }))
  })

  it('counts each once over restarts, whether or not the counts had been stored', async () => {
    {
      await using first = counter(10)
      await first.start()
      await publish('acme', 100)
      await vi.waitFor(async () => expect(await counts()).toEqual({ acme: 100 }))
    }
    await publish('acme', 50)
    await using second = counter(600_000)
    await second.start()
    await publish('acme', 25)
    await vi.waitFor(async () => {
      await second.flush()
      expect(await counts()).toEqual({ acme: 175 })
    })
  })

  it('stores what it has counted when it stops', async () => {
    const running = counter(600_000)
    await running.start()
    await publish('acme', 5)
    await vi.waitFor(async () => {
      await running.flush()
      expect(await counts()).toEqual({ acme: 5 })
    })
    await publish('acme', 5)
    await running[Symbol.asyncDispose]()
    await using next = counter(10)
    await next.start()
    await vi.waitFor(async () => expect(await counts()).toEqual({ acme: 10 }))
  })

  it('forgets a tenant, in memory and in what is stored, and nothing of the others', async () => {
    await using running = counter(600_000)
    await running.start()
    await publish('acme', 300)
    await publish('zen', 300)
    await vi.waitFor(async () => {
      await running.flush()
      expect(await counts()).toEqual({ acme: 300, zen: 300 })
    })
    await running.forget('acme')
    expect(await counts()).toEqual({ zen: 300 })
    await publish('zen', 40)
    await publish('acme', 5)
    await vi.waitFor(async () => {
      await running.flush()
      expect(await counts()).toEqual({ acme: 5, zen: 340 })
    })
  })
})
