import { Type, type Static } from 'typebox'
import { FeatureNameSchema } from './feature-names.ts'
import { stateTopics } from './state-partitions.ts'
import { topics } from './topics.ts'

/** Consumer group that applies events to the online state. */
export const featureGroup = 'rapport.feature'
/** Consumer group that writes the archive. */
export const archiveGroup = 'rapport.archive'
/** Topics whose records change state or train models: all of them are archived. */
export const archivedTopics: readonly string[] = [...stateTopics.map(({ name }) => name), topics.items.name]

/** A record of `rapport.state-commands.v1`: what the consuming side of the feature service shall do. */
export const StateCommandSchema = Type.Union([
  Type.Object({ type: Type.Literal('flush-archive'), requestedAt: Type.String() }),
  Type.Object({ type: Type.Literal('rebuild'), requestedAt: Type.String(), tenant: Type.String(), id: Type.String() }),
  /**
   * The tenant was removed: its records below these offsets, by number of the state partition, are never applied again,
   * however far a consumer rewinds. Those above are of a later tenant of the same name. `taken`: the partitions in which
   * it is in force; each process adds those that it consumes, and sends the command again.
   */
  Type.Object({
    type: Type.Literal('forget-tenant'),
    requestedAt: Type.String(),
    tenant: Type.String(),
    before: Type.Array(Type.Integer({ minimum: 0 })),
    taken: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }))),
  }),
])
export type StateCommand = Static<typeof StateCommandSchema>
export const archiveFlushKey = 'archive/flush'
export const forgetCommandKey = (tenant: string): string => `forget/${tenant}`
export const rebuildCommandKey = (tenant: string, id: string): string => `rebuild/${tenant}/${id}`

const InstantSchema = Type.String({ format: 'date-time' })
const VisitorIdSchema = Type.String({ minLength: 1, maxLength: 256 })

/** `GET /v1/state/rebuild/{id}`. */
export const StateRebuildSchema = Type.Object(
  {
    id: Type.String(),
    state: Type.Union([Type.Literal('pending'), Type.Literal('running'), Type.Literal('done'), Type.Literal('failed')]),
    requestedAt: InstantSchema,
    startedAt: Type.Optional(InstantSchema),
    finishedAt: Type.Optional(InstantSchema),
    /** How often the state was cleared; more than one when a process ended while it did so. */
    attempts: Type.Integer({ minimum: 0 }),
    /** Archived records that were read in this attempt, of all partitions. */
    eventsRead: Type.Integer({ minimum: 0 }),
    eventsApplied: Type.Integer({ minimum: 0 }),
    /** Why it failed; the state is incomplete until another rebuild is done. */
    error: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type StateRebuild = Static<typeof StateRebuildSchema>

/** How far the processes are with one state partition. */
const PartitionRebuildSchema = Type.Object({
  /** `held`: live consumption applies none of the tenant's events; `done`: it applies them again. */
  state: Type.Union([Type.Literal('open'), Type.Literal('held'), Type.Literal('done')]),
  /** The process that has it in hand; empty at first. */
  holder: Type.String(),
  eventsRead: Type.Integer({ minimum: 0 }),
  eventsApplied: Type.Integer({ minimum: 0 }),
})
export type PartitionRebuild = Static<typeof PartitionRebuildSchema>

/** The object `state/<tenant>/rebuilds/<id>.json`, replaced under compare-and-set: what the processes that rebuild agree on. */
export const StateRebuildRecordSchema = Type.Object(
  {
    ...StateRebuildSchema.properties,
    work: Type.Optional(
      Type.Object({
        phase: Type.Union([Type.Literal('hold'), Type.Literal('clear'), Type.Literal('replay')]),
        /** Who clears the state; `beat` grows while it does. */
        leader: Type.Object({ process: Type.String(), beat: Type.Integer({ minimum: 0 }) }),
        partitions: Type.Array(PartitionRebuildSchema),
      }),
    ),
  },
  { additionalProperties: false },
)
export type StateRebuildRecord = Static<typeof StateRebuildRecordSchema>
export const stateRebuildsPrefix = (tenant: string): string => `state/${tenant}/rebuilds/`
export const stateRebuildKey = (tenant: string, id: string): string => `${stateRebuildsPrefix(tenant)}${id}.json`
export const RebuildParamsSchema = Type.Object({ id: Type.String({ pattern: '^[0-9a-z-]{1,64}$' }) })

/** `POST /v1/state/archive/flush`. */
export const ArchiveFlushSchema = Type.Object(
  {
    archivedThrough: Type.String({
      format: 'date-time',
      description: 'Everything the log had taken by then is archived.',
    }),
  },
  { additionalProperties: false },
)
export type ArchiveFlush = Static<typeof ArchiveFlushSchema>

export const FeatureEntitySchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('user'), Type.Literal('anonymous'), Type.Literal('item')]),
    id: VisitorIdSchema,
  },
  { additionalProperties: false },
)

/** `POST /v1/features`. */
export const FeaturesRequestSchema = Type.Object(
  {
    entities: Type.Array(FeatureEntitySchema, { minItems: 1, maxItems: 200 }),
    features: Type.Array(FeatureNameSchema, { minItems: 1, maxItems: 100 }),
    asOf: Type.Optional(Type.String({ format: 'date-time', description: 'Now by default.' })),
    maxAgeSeconds: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 4_000_000_000, description: 'Values with an older event are `stale`.' }),
    ),
  },
  { additionalProperties: false },
)
export type FeaturesRequest = Static<typeof FeaturesRequestSchema>

export const FeatureValueSchema = Type.Object(
  {
    value: Type.Unknown({ description: 'Null when missing.' }),
    eventTime: Type.Union([InstantSchema, Type.Null()]),
    status: Type.Union([Type.Literal('present'), Type.Literal('missing'), Type.Literal('stale')]),
  },
  { additionalProperties: false },
)

export const FeaturesResponseSchema = Type.Object(
  {
    asOf: InstantSchema,
    entities: Type.Array(
      Type.Object(
        {
          kind: FeatureEntitySchema.properties.kind,
          id: Type.String(),
          /** By feature name. */
          features: Type.Record(Type.String(), FeatureValueSchema),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)
export type FeaturesResponse = Static<typeof FeaturesResponseSchema>

/** Counts or sums by window; null where the buckets needed were dropped already. */
export const WindowsSchema = Type.Object(
  {
    '1h': Type.Union([Type.Integer(), Type.Null()]),
    '24h': Type.Union([Type.Integer(), Type.Null()]),
    '7d': Type.Union([Type.Integer(), Type.Null()]),
    '30d': Type.Union([Type.Integer(), Type.Null()]),
    all: Type.Union([Type.Integer(), Type.Null()]),
  },
  { additionalProperties: false },
)

export const UserParamsSchema = Type.Object({ id: VisitorIdSchema })
export const UserQuerySchema = Type.Object(
  {
    kind: Type.Optional(
      Type.Union([Type.Literal('user'), Type.Literal('anonymous')], { description: '`user` by default.' }),
    ),
    asOf: Type.Optional(Type.String({ format: 'date-time', description: 'Now by default.' })),
  },
  { additionalProperties: false },
)

/** `GET /v1/users/{id}`. */
export const UserProfileSchema = Type.Object(
  {
    /** Absent for an anonymous id that belongs to no user. */
    userId: Type.Optional(Type.String()),
    anonymousIds: Type.Array(Type.String()),
    asOf: InstantSchema,
    traits: Type.Record(Type.String(), Type.Unknown()),
    firstSeen: Type.Optional(InstantSchema),
    lastSeen: Type.Optional(InstantSchema),
    orders: WindowsSchema,
    /** Minor units by currency, refunds not taken off. */
    revenue: Type.Record(Type.String(), WindowsSchema),
    refunds: Type.Record(Type.String(), WindowsSchema),
    /** By event name. */
    counts: Type.Record(Type.String(), WindowsSchema),
    /** Of the texts that the visitor has written: how many have each sentiment. */
    sentiments: Type.Record(Type.String(), WindowsSchema),
    /** How many have each of the tenant's own labels. */
    textLabels: Type.Record(Type.String(), WindowsSchema),
    /** The newest of these texts, newest first: what was found in them, and about which item they are. */
    texts: Type.Array(
      Type.Object(
        {
          messageId: Type.String({
            description: 'The event’s, and after `#` the name of the rule that found the text.',
          }),
          at: InstantSchema,
          rule: Type.String(),
          itemId: Type.Optional(Type.String()),
          rating: Type.Optional(Type.Number()),
          sentiment: Type.Optional(Type.String({ description: '`positive`, `neutral`, `negative` or `mixed`.' })),
          label: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
    ),
    /** Newest first, by event name. */
    recent: Type.Record(
      Type.String(),
      Type.Array(Type.Object({ itemId: Type.String(), at: InstantSchema }, { additionalProperties: false })),
    ),
  },
  { additionalProperties: false },
)
export type UserProfile = Static<typeof UserProfileSchema>

/** `POST /v1/users/{id}/unlink`. */
export const UnlinkRequestSchema = Type.Object({ anonymousId: VisitorIdSchema }, { additionalProperties: false })
/** The name of the `track` event that undoes a link; its `properties.anonymousId` names the other id of the pair. */
export const identityUnlinkedEvent = 'Identity Unlinked'
export const UnlinkResponseSchema = Type.Object(
  { messageId: Type.String({ description: 'The event that undoes the link; it is applied within a second.' }) },
  { additionalProperties: false },
)
export type UnlinkResponse = Static<typeof UnlinkResponseSchema>
