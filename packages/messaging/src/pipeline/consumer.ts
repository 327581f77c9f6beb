import { deadLetterTopicOf } from '@rapport/contracts'
import { systemClock } from '@rapport/core'
import type { Subscriber } from '../event-log.ts'
import { processTraced } from '../tracing/process-traced.ts'
import { BatchRun, type Progress } from './batch-run.ts'
import type { ConsumerOptions } from './consumer-options.ts'

/**
 * Consumes topics as a group. Each record's effect is made, or it is dropped on purpose, or it becomes a dead letter;
 * then its offset is committed. Nothing is skipped, and no record blocks its partition for ever.
 * @throws UnknownTopicError when a topic or its dead-letter topic does not exist.
 */
export async function runConsumer<T>(options: ConsumerOptions<T>): Promise<Subscriber> {
  const {
    eventLog,
    group,
    topics,
    maxRecords,
    minIntervalMs,
    rewindMs,
    onAssigned,
    onMetric,
    deadLetterTopic = deadLetterTopicOf,
    clock = systemClock,
  } = options
  for (const topic of topics) await eventLog.extents(deadLetterTopic(topic))
  const progress: Progress = new WeakMap()
  return eventLog.subscribe({
    group,
    topics,
    ...(maxRecords === undefined ? {} : { maxRecords }),
    ...(minIntervalMs === undefined ? {} : { minIntervalMs }),
    ...(rewindMs === undefined ? {} : { rewindMs }),
    ...(onAssigned === undefined ? {} : { onAssigned }),
    onMissed: ({ topic, fromOffset, toOffset }) => onMetric?.({ topic, kind: 'missed', count: toOffset - fromOffset }),
    onBatch: (batch) => {
      const run = new BatchRun(batch, { ...options, deadLetterTopic, clock, progress })
      return processTraced(batch, group, () => run.run())
    },
  })
}
