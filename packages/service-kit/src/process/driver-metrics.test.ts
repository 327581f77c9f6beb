import type { EventLogStats } from '@rapport/messaging'
import type { ObjectStoreStats } from '@rapport/object-store'
import type { OnlineStoreStats } from '@rapport/online-store'
import { AggregatorRegistry, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { addDriverMetrics } from './driver-metrics.ts'

interface Known {
  eventLog: EventLogStats
  onlineStore: OnlineStoreStats
  objectStore: ObjectStoreStats
}

const nothing: Known = {
  eventLog: { lags: [], bufferedBytes: 0 },
  onlineStore: { isUnavailable: false, sessionsLostTotal: 0, cache: { isUnavailable: false, droppedTotal: 0 } },
  objectStore: { requestsTotal: 0, failuresTotal: 0 },
}
const lagOf = (partition: number, nextOffset: number | undefined, lag: number | undefined) => ({
  group: 'g',
  topic: 't',
  partition,
  nextOffset,
  lag,
})

/** A registry with the metrics of drivers that know what the test says. */
function registryOf(known: Known): Registry {
  const registry = new Registry()
  addDriverMetrics(registry, {
    eventLog: { stats: () => known.eventLog },
    onlineStore: { stats: () => known.onlineStore },
    objectStore: { stats: () => known.objectStore },
  })
  return registry
}

/** The series of a scrape, by name and labels. */
const seriesOf = (scrape: string): Record<string, number> =>
  Object.fromEntries(
    scrape
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )

const idle = {
  rapport_event_log_buffered_bytes: 0,
  rapport_online_store_unavailable: 0,
  rapport_online_store_sessions_lost_total: 0,
  rapport_cache_unavailable: 0,
  rapport_cache_dropped_total: 0,
  rapport_object_store_requests_total: 0,
  rapport_object_store_failures_total: 0,
}

test('every scrape shows what the drivers know then, and a partition that has gone no longer', async () => {
  const known: Known = { ...nothing }
  const registry = registryOf(known)
  expect(seriesOf(await registry.metrics())).toEqual(idle)
  known.eventLog = {
    lags: [{ ...lagOf(0, 7, 3), unreadableOffset: 8 }, lagOf(1, undefined, 2), lagOf(2, 5, undefined)],
    bufferedBytes: 12,
  }
  known.onlineStore = {
    isUnavailable: true,
    sessionsLostTotal: 2,
    cache: { isUnavailable: true, droppedTotal: 4 },
  }
  known.objectStore = { requestsTotal: 9, failuresTotal: 1 }
  const expected = {
    'rapport_consumer_lag_records{group="g",topic="t",partition="0"}': 3,
    'rapport_consumer_lag_records{group="g",topic="t",partition="1"}': 2,
    'rapport_consumer_offset{group="g",topic="t",partition="0"}': 7,
    'rapport_consumer_offset{group="g",topic="t",partition="2"}': 5,
    'rapport_consumer_unreadable_offset{group="g",topic="t",partition="0"}': 8,
    rapport_event_log_buffered_bytes: 12,
    rapport_online_store_unavailable: 1,
    rapport_online_store_sessions_lost_total: 2,
    rapport_cache_unavailable: 1,
    rapport_cache_dropped_total: 4,
    rapport_object_store_requests_total: 9,
    rapport_object_store_failures_total: 1,
  }
  // Totals are not added to what an earlier scrape has shown.
  expect(seriesOf(await registry.metrics())).toEqual(expected)
  expect(seriesOf(await registry.metrics())).toEqual(expected)
  known.eventLog = { lags: [lagOf(1, 9, 0)], bufferedBytes: 0 }
  known.onlineStore = { ...known.onlineStore, isUnavailable: false }
  expect(seriesOf(await registry.metrics())).toEqual({
    'rapport_consumer_lag_records{group="g",topic="t",partition="1"}': 0,
    'rapport_consumer_offset{group="g",topic="t",partition="1"}': 9,
    ...idle,
    rapport_online_store_sessions_lost_total: 2,
    rapport_cache_unavailable: 1,
    rapport_cache_dropped_total: 4,
    rapport_object_store_requests_total: 9,
    rapport_object_store_failures_total: 1,
  })
})

test('of two threads totals and bytes are added up, partitions and states are not', async () => {
  const registries = [3, 4].map((count) =>
    registryOf({
      eventLog: { lags: [lagOf(0, count, 1), lagOf(count, 7, 2)], bufferedBytes: count },
      onlineStore: { isUnavailable: true, sessionsLostTotal: 1, cache: { isUnavailable: true, droppedTotal: count } },
      objectStore: { requestsTotal: count, failuresTotal: 1 },
    }),
  )
  const parts = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
  expect(seriesOf(await AggregatorRegistry.aggregate(parts).metrics())).toEqual({
    'rapport_consumer_lag_records{group="g",topic="t",partition="0"}': 1,
    'rapport_consumer_lag_records{group="g",topic="t",partition="3"}': 2,
    'rapport_consumer_lag_records{group="g",topic="t",partition="4"}': 2,
    'rapport_consumer_offset{group="g",topic="t",partition="0"}': 4,
    'rapport_consumer_offset{group="g",topic="t",partition="3"}': 7,
    'rapport_consumer_offset{group="g",topic="t",partition="4"}': 7,
    rapport_event_log_buffered_bytes: 7,
    rapport_online_store_unavailable: 1,
    rapport_online_store_sessions_lost_total: 2,
    rapport_cache_unavailable: 1,
    rapport_cache_dropped_total: 7,
    rapport_object_store_requests_total: 7,
    rapport_object_store_failures_total: 2,
  })
})
