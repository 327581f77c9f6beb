import type { TopicDescription } from '@rapport/contracts'

/** The topics that the tests and their child processes and threads share. */
export const testTopics = {
  stream: { name: 'test.stream.v1', partitions: 4, cleanup: 'delete', retentionMs: 60_000, retentionBytes: 100_000 },
  table: { name: 'test.table.v1', partitions: 2, cleanup: 'compact' },
} as const satisfies Record<string, TopicDescription>
