import { archiveGroup, featureGroup, topics } from '@rapport/contracts'
import { systemClock } from '@rapport/core'
import type { EventLog, Subscription } from '@rapport/messaging'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { ArchiveWriter } from '../archive/archive-writer.ts'
import { createFeatureMetrics } from '../metrics.ts'
import { consumeForArchive } from './archive-consumer.ts'

it('records that retention removed before the archive had them are counted as its own', async () => {
  const registry = new Registry()
  const metrics = createFeatureMetrics(registry, systemClock)
  const subscriptions: Subscription[] = []
  const eventLog: Pick<EventLog, 'subscribe'> = {
    subscribe: (subscription) => {
      subscriptions.push(subscription)
      return Promise.resolve({} as never)
    },
  }
  await consumeForArchive(eventLog as EventLog, {} as ArchiveWriter, metrics)
  const series = (group: string, count: number): string =>
    `rapport_feature_missed_records_total{group="${group}"} ${count}`
  expect(await registry.metrics()).toContain(series(archiveGroup, 0))
  for (const partition of [0, 1])
    subscriptions[0]?.onMissed?.({ topic: topics.events.name, partition, fromOffset: 3, toOffset: 10 })
  const text = await registry.metrics()
  expect(text).toContain(series(archiveGroup, 14))
  expect(text).toContain(series(featureGroup, 0))
})
