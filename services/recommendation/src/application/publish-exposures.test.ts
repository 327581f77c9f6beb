import { topics } from '@rapport/contracts'
import type { EventLog, OutgoingRecord } from '@rapport/messaging'
import { createTestPlatform, type TestPlatform } from '@rapport/service-kit/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exposureKey, ExposurePublisher, type WaitingExposure } from './publish-exposures.ts'

let platform: TestPlatform
beforeEach(async () => {
  platform = await createTestPlatform()
})
afterEach(() => platform[Symbol.asyncDispose]())

const exposureOf = (id: number): WaitingExposure => ({
  key: 'shop/u:ann',
  head: `{"userId":"ann",`,
  fields: Buffer.from(`"recommendationId":"${id}"`),
})
const options = (eventLog: EventLog, onLost: (count: number) => void, maxWaiting = 10) => ({
  eventLog,
  log: platform.dependencies.log,
  onLost,
  flushMs: 60_000,
  maxWaiting,
})

describe('ExposurePublisher', () => {
  it('publishes what waits, in order, when it is disposed', async () => {
    const { eventLog } = platform.drivers
    const lost = vi.fn<(count: number) => void>()
    const publisher = new ExposurePublisher(options(eventLog, lost))
    for (const id of [1, 2, 3]) publisher.add(exposureOf(id))
    await publisher[Symbol.asyncDispose]()
    const records = await Promise.all(
      (await eventLog.extents(topics.exposures.name)).map(({ partition }) =>
        eventLog.read({ topic: topics.exposures.name, partition, offset: 0 }, 10),
      ),
    )
    const published = records.flat().map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as unknown)
    expect(published).toEqual(['1', '2', '3'].map((recommendationId) => ({ userId: 'ann', recommendationId })))
    expect(lost).not.toHaveBeenCalled()
  })

  it('counts what is lost, when the log refuses it and when too much waits', async () => {
    const lost = vi.fn<(count: number) => void>()
    let isDown = true
    const published: OutgoingRecord[] = []
    const { eventLog } = platform.drivers
    const flaky = new Proxy(eventLog, {
      get: (target, name) =>
        name === 'publish'
          ? (records: readonly OutgoingRecord[]) => {
              if (isDown) return Promise.reject(new Error('the log is down'))
              published.push(...records)
              return target.publish(records)
            }
          : Reflect.get(target, name),
    })
    const publisher = new ExposurePublisher(options(flaky, lost, 2))
    for (const id of [1, 2, 3]) publisher.add(exposureOf(id))
    expect(lost.mock.calls).toEqual([[1]])
    await publisher.flush()
    expect(lost.mock.calls).toEqual([[1], [2]])
    isDown = false
    publisher.add(exposureOf(4))
    await publisher.flush()
    expect(published).toHaveLength(1)
    expect(lost).toHaveBeenCalledTimes(2)
  })
})

describe('exposureKey', () => {
  it('keeps a visitor’s exposures together', () => {
    const ids = { tenant: 'shop' }
    expect(exposureKey({ ...ids, userId: 'ann', anonymousId: 'b' }, 'r1')).toBe('shop/u:ann')
    expect(exposureKey({ ...ids, anonymousId: 'b' }, 'r1')).toBe('shop/a:b')
    expect(exposureKey(ids, 'r1')).toBe('shop/r:r1')
  })
})
