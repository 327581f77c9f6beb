import type { PartitionLag } from '@rapport/messaging'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Drivers } from './connect-drivers.ts'

/** The drivers, as far as their metrics need them. */
export type MeasuredDrivers = {
  readonly [Port in 'eventLog' | 'onlineStore' | 'objectStore']: Pick<Drivers[Port], 'stats'>
}

/**
 * Registers what the drivers know by themselves: a scrape asks no server. Threads of one process have drivers of their own;
 * where their registries are added up, a partition and a state are of one of them, totals and bytes are of all.
 */
export function addDriverMetrics(registry: Registry, drivers: MeasuredDrivers): readonly (Counter | Gauge)[] {
  const { eventLog, onlineStore, objectStore } = drivers
  return [
    partitionGauge(registry, eventLog, {
      name: 'rapport_consumer_lag_records',
      help: 'Records of a partition that this process reads and has not done, as far as it has looked.',
      value: ({ lag }) => lag,
    }),
    partitionGauge(registry, eventLog, {
      name: 'rapport_consumer_offset',
      help: 'The first offset that is not done of a partition that this process reads.',
      value: ({ nextOffset }) => nextOffset,
    }),
    partitionGauge(registry, eventLog, {
      name: 'rapport_consumer_unreadable_offset',
      help: 'Where the consumer of a partition stands still, before records that are damaged or that nobody can decode.',
      value: ({ unreadableOffset }) => unreadableOffset,
    }),
    gauge(registry, {
      name: 'rapport_event_log_buffered_bytes',
      help: 'Bytes of records that wait to be durable in the event log.',
      aggregator: 'sum',
      value: () => eventLog.stats().bufferedBytes,
    }),
    gauge(registry, {
      name: 'rapport_online_store_unavailable',
      help: '1 while calls to the online store, or to one of its servers, fail without being tried.',
      aggregator: 'max',
      value: () => Number(onlineStore.stats().isUnavailable),
    }),
    counter(registry, {
      name: 'rapport_online_store_sessions_lost_total',
      help: 'Connections to the online store that were lost, and slots that another master has taken over.',
      value: () => onlineStore.stats().sessionsLostTotal,
    }),
    gauge(registry, {
      name: 'rapport_cache_unavailable',
      help: '1 while cached values are neither found nor kept, because their server is away.',
      aggregator: 'max',
      value: () => Number(onlineStore.stats().cache.isUnavailable),
    }),
    counter(registry, {
      name: 'rapport_cache_dropped_total',
      help: 'Cached values that were not kept for want of room or of a server; what Redis evicts, it counts itself.',
      value: () => onlineStore.stats().cache.droppedTotal,
    }),
    counter(registry, {
      name: 'rapport_object_store_requests_total',
      help: 'Requests to the server of the object store.',
      value: () => objectStore.stats().requestsTotal,
    }),
    counter(registry, {
      name: 'rapport_object_store_failures_total',
      help: 'Requests to the server of the object store without a usable answer; most are made again.',
      value: () => objectStore.stats().failuresTotal,
    }),
  ]
}

interface Measured<Value> {
  readonly name: string
  readonly help: string
  readonly value: Value
}

const gauge = (
  registry: Registry,
  { value, ...options }: Measured<() => number> & { readonly aggregator: 'sum' | 'max' },
): Gauge =>
  new Gauge({
    ...options,
    registers: [registry],
    collect() {
      this.set(value())
    },
  })

/** Of a total that the driver keeps. */
const counter = (registry: Registry, { value, ...options }: Measured<() => number>): Counter =>
  new Counter({
    ...options,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(value())
    },
  })

/** By the partitions that the process holds at the time of the scrape. */
const partitionGauge = (
  registry: Registry,
  eventLog: MeasuredDrivers['eventLog'],
  { value, ...options }: Measured<(lag: PartitionLag) => number | undefined>,
): Gauge =>
  new Gauge({
    ...options,
    labelNames: ['group', 'topic', 'partition'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.reset()
      for (const held of eventLog.stats().lags) {
        const { group, topic, partition } = held
        const found = value(held)
        if (found !== undefined) this.set({ group, topic, partition: String(partition) }, found)
      }
    },
  })
