import type { TopicDescription } from '@rapport/contracts'
import { maxValueBytes } from '../../record-limits.ts'

const HOUR_MS = 60 * 60 * 1000
/** Beside the value: the key, headers, and what a batch adds. */
const RECORD_OVERHEAD_BYTES = 128 * 1024

/** Largest value and headers together that a topic takes. */
export const maxRecordBytes = (topic: string): number => maxValueBytes(topic) + RECORD_OVERHEAD_BYTES / 2

export interface ReplicationOptions {
  readonly replication: number
  readonly minInsyncReplicas: number
}

/** The configuration of a topic by Kafka's names. */
export function topicSettings(
  description: TopicDescription,
  { minInsyncReplicas }: ReplicationOptions,
): Record<string, string> {
  const common = {
    'cleanup.policy': description.cleanup,
    'min.insync.replicas': String(minInsyncReplicas),
    'max.message.bytes': String(maxValueBytes(description.name) + RECORD_OVERHEAD_BYTES),
    // Append time is the port's, and retention and rewinding count by it, whatever a producer's clock says.
    'message.timestamp.type': 'LogAppendTime',
    // Every client reads gzip: what others compress with something else is compressed anew by the broker.
    'compression.type': 'gzip',
    // What was acknowledged is never traded for being available.
    'unclean.leader.election.enable': 'false',
  }
  return description.cleanup === 'compact' ? { ...common, ...compactedSettings } : { ...common, ...kept(description) }
}

const kept = ({ retentionMs, retentionBytes }: TopicDescription): Record<string, string> => ({
  'retention.ms': String(retentionMs ?? -1),
  'retention.bytes': String(retentionBytes ?? -1),
})

const compactedSettings: Readonly<Record<string, string>> = {
  // The open segment is never compacted, and every process reads these topics whole at its start: Kafka's week of
  // open segment would be a week of superseded values in each start.
  'segment.ms': String(HOUR_MS),
  // Half of the log may be superseded values by default; the tables are small, and reading them is what is waited for.
  'min.cleanable.dirty.ratio': '0.1',
  // A tombstone must outlive every follower's reading, or that follower keeps the key for ever: as the embedded log's.
  'delete.retention.ms': String(24 * HOUR_MS),
  'min.compaction.lag.ms': '0',
}
