import { archivedTopics, stateTopics } from '@rapport/contracts'
import { systemClock } from '@rapport/core'
import type { EventLog } from '@rapport/messaging'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createFeatureMetrics } from './metrics.ts'

afterEach(() => void vi.useRealTimers())

type Asked = Pick<EventLog, 'extents' | 'checkpoints'>

function watching(eventLog: Asked): Registry {
  const registry = new Registry()
  const metrics = createFeatureMetrics(registry, systemClock)
  metrics.applied.inc(5)
  metrics.watchConsumers(eventLog as EventLog)
  return registry
}

const lag = /^rapport_feature_lag_records\{.*\} \d+$/gm
const answering: Asked = {
  extents: (topic) => Promise.resolve([{ topic, partition: 0, firstOffset: 3, nextOffset: 10 }]),
  checkpoints: () => Promise.resolve(new Map([[0, { nextOffset: 6 } as never]])),
}

describe('the lag of the groups', () => {
  it('counts from what is committed, or from what is kept', async () => {
    const text = await watching({ ...answering }).metrics()
    expect(text).toContain('{group="rapport.feature",topic="rapport.events.v1",partition="0"} 4')
    const first = await watching({ ...answering, checkpoints: () => Promise.resolve(new Map()) }).metrics()
    expect(first).toContain('{group="rapport.feature",topic="rapport.events.v1",partition="0"} 7')
  })

  it('is left out when the log fails, and shown again', async () => {
    let isAway = true
    const registry = watching({
      ...answering,
      extents: (topic) => (isAway ? Promise.reject(new Error('away')) : answering.extents(topic)),
    })
    const text = await registry.metrics()
    expect(text).toContain('rapport_events_applied_total 5')
    expect(text).not.toMatch(lag)
    isAway = false
    expect(await registry.metrics()).toMatch(lag)
    isAway = true
    expect(await registry.metrics()).not.toMatch(lag)
  })

  it('is left out when the log does not answer in time, and asked for once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { promise, resolve } = Promise.withResolvers<void>()
    const extents = vi.fn<Asked['extents']>((topic) => promise.then(() => answering.extents(topic)))
    const registry = watching({ ...answering, extents })
    const scrapes = Promise.all([registry.metrics(), registry.metrics()])
    await vi.advanceTimersByTimeAsync(1_500)
    for (const text of await scrapes) {
      expect(text).toContain('rapport_events_applied_total 5')
      expect(text).not.toMatch(lag)
    }
    const asked = archivedTopics.length + stateTopics.length
    expect(extents).toHaveBeenCalledTimes(asked)
    const late = registry.metrics()
    resolve()
    expect(await late).toMatch(lag)
    expect(extents).toHaveBeenCalledTimes(asked)
  })
})
