import {
  archiveGroup,
  featureGroup,
  sentimentGroup,
  textClassificationGroup,
  trainingRunnerGroup,
  type ServiceName,
  type topics,
} from '../../../packages/contracts/src/index.ts'

export type TopicKey = keyof typeof topics

/** What one service does on Kafka. */
export interface KafkaRights {
  readonly reads: readonly TopicKey[]
  readonly writes: readonly TopicKey[]
  /** Groups in which it consumes. */
  readonly groups: readonly string[]
  /** Groups of others whose checkpoints it looks at. */
  readonly watches?: readonly string[]
  /** Whether it reads the tenants' inboxes, and gives back to them what was in the dead letters. */
  readonly inboxes?: 'read' | 'read and write'
  /** Whether it sees the settings of topics. */
  readonly describesSettings?: true
}

const inboxGroup = 'rapport.inbox'
const eventCountsGroup = 'rapport.training-event-counts'

/** Whoever brings the archive up to date reads the archived topics' ends, and asks for it by a state command. */
const archived: readonly TopicKey[] = ['events', 'items', 'sentiments', 'textLabels']

const textService = (own: TopicKey, group: string): KafkaRights => ({
  reads: ['access', 'models', 'labelJobs', ...archived],
  writes: [own, 'labelJobs', 'stateCommands', 'eventsDeadLetters'],
  groups: [group],
  watches: [archiveGroup],
})

/** The least that each service needs, the sight of all topics (`Describe`) aside. The gateway speaks to no Kafka. */
export const kafkaRights: Readonly<Record<ServiceName, KafkaRights>> = {
  ingestion: {
    reads: ['access', 'events', 'items', 'eventsDeadLetters'],
    // Dead letters are given back to the topics that they came from.
    writes: ['events', 'items', 'sentiments', 'textLabels', 'eventsDeadLetters'],
    groups: [inboxGroup],
    inboxes: 'read and write',
  },
  feature: {
    reads: ['access', 'stateCommands', ...archived],
    writes: ['events', 'stateCommands', 'eventsDeadLetters'],
    groups: [featureGroup, archiveGroup],
  },
  recommendation: { reads: ['access', 'items', 'models'], writes: ['exposures'], groups: [] },
  'text-classification': textService('textLabels', textClassificationGroup),
  sentiment: textService('sentiments', sentimentGroup),
  control: {
    reads: ['access', 'models', 'trainingJobs', 'stateCommands', ...archived],
    writes: ['access', 'models', 'items', 'trainingJobs', 'stateCommands'],
    groups: [eventCountsGroup, trainingRunnerGroup],
    watches: [archiveGroup, textClassificationGroup, sentimentGroup],
  },
}

/**
 * For whoever follows the runbooks: groups are moved by those who may read what the groups read. Elections of leaders are
 * not among it, as they need `Alter` on the cluster, which comes with the right to give rights.
 */
export const operatorRights: KafkaRights = {
  reads: [...archived, 'trainingJobs'],
  writes: [],
  groups: [
    featureGroup,
    archiveGroup,
    textClassificationGroup,
    sentimentGroup,
    trainingRunnerGroup,
    inboxGroup,
    eventCountsGroup,
  ],
  inboxes: 'read',
  describesSettings: true,
}

/** Groups on whose lag KEDA scales; its user sees how far they are. */
export const scaledGroups: readonly string[] = [
  featureGroup,
  archiveGroup,
  textClassificationGroup,
  sentimentGroup,
  trainingRunnerGroup,
]
