/** How a topic is laid out and kept. One description serves every driver of the event log. */
export interface TopicDescription {
  readonly name: string
  /** Never changed under running consumers: a key's records would move to another partition. */
  readonly partitions: number
  /** `delete` drops old records; `compact` keeps the newest record of each key. */
  readonly cleanup: 'delete' | 'compact'
  /** By append time. Absent: no limit by time. */
  readonly retentionMs?: number
  /** For each partition. Absent: no limit by size. */
  readonly retentionBytes?: number
}

const days = (count: number): number => count * 24 * 60 * 60 * 1000
const gibibytes = (count: number): number => count * 1024 ** 3

const stream = (name: string, partitions: number): TopicDescription => ({
  name,
  partitions,
  cleanup: 'delete',
  retentionMs: days(7),
  retentionBytes: gibibytes(4),
})
const table = (name: string, partitions: number): TopicDescription => ({ name, partitions, cleanup: 'compact' })
const deadLetters = (name: string): TopicDescription => ({
  name: `${name}.dlq`,
  partitions: 1,
  cleanup: 'delete',
  retentionMs: days(30),
  retentionBytes: gibibytes(1),
})

/** Every topic of the platform, by the name that code uses. */
export const topics = {
  events: stream('rapport.events.v1', 8),
  items: table('rapport.items.v1', 4),
  exposures: stream('rapport.exposures.v1', 4),
  /** As many partitions as the events' topic: what is said of an event's text has its key, and stands under the same number. */
  sentiments: stream('rapport.sentiments.v1', 8),
  textLabels: stream('rapport.text-labels.v1', 8),
  models: table('rapport.models.v1', 1),
  access: table('rapport.access.v1', 1),
  trainingJobs: stream('rapport.training-jobs.v1', 1),
  labelJobs: table('rapport.label-jobs.v1', 1),
  stateCommands: table('rapport.state-commands.v1', 1),
  eventsDeadLetters: deadLetters('rapport.events.v1'),
} as const satisfies Record<string, TopicDescription>

/** The dead-letter topic of a topic, by name. */
export const deadLetterTopicOf = (topic: string): string => `${topic}.dlq`

const inboxPattern = /^rapport\.inbox\.(.+)\.v1$/

/** The topic to which others may produce events for a tenant. Its records need no key; the events' topic gives them theirs. */
export const inboxTopic = (tenant: string): TopicDescription => stream(`rapport.inbox.${tenant}.v1`, 4)

/** The tenant whose inbox a topic is. */
export const tenantOfInbox = (topic: string): string | undefined => inboxPattern.exec(topic)?.[1]
