import { Type, type Static } from 'typebox'
import { TrainingWarningSchema } from './training-results.ts'

export const ModelFileSchema = Type.Object({
  path: Type.String({ pattern: '^[A-Za-z0-9._/-]+$' }),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
})

/** What a model card says of a starter model: it has learnt from nobody's texts, and `metrics` are its quality on public data sets. */
export const StarterCardSchema = Type.Object({
  trainedFrom: Type.Array(Type.String()),
  seed: Type.Integer(),
  /** The command that measured `metrics` before the release. */
  measuredBy: Type.String(),
  chosenOn: Type.Array(Type.String(), {
    description:
      'The sets of `metrics` with an eye on which the model was chosen: what it is worth elsewhere, the others say.',
  }),
})
export type StarterCard = Static<typeof StarterCardSchema>

/** `models/<tenant>/<name>/versions/<version>/manifest.json`; immutable once written. */
export const ModelManifestSchema = Type.Object({
  tenant: Type.String(),
  name: Type.String(),
  version: Type.String(),
  task: Type.String(),
  algorithm: Type.String(),
  framework: Type.String(),
  inputSchema: Type.Unknown(),
  labels: Type.Optional(Type.Array(Type.String())),
  data: Type.Object({
    /** Event times of the first and last training row, ISO 8601. */
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    rows: Type.Integer(),
    fingerprint: Type.String(),
    /** The data set that the rows come from, as `name@version`. */
    dataset: Type.Optional(Type.String()),
  }),
  parameters: Type.Record(Type.String(), Type.Unknown()),
  /** Quality by split: `{ test: { recall@20: 0.1, … } }`, with the sizes of the splits beside it. */
  metrics: Type.Record(Type.String(), Type.Record(Type.String(), Type.Number())),
  /** Of a starter model alone. */
  starter: Type.Optional(StarterCardSchema),
  /** What in the data makes the figures less than they seem. */
  warnings: Type.Optional(Type.Array(TrainingWarningSchema)),
  createdAt: Type.String(),
  codeRevision: Type.String(),
  files: Type.Array(ModelFileSchema),
  /** An input and the output that the loaded model must give for it, checked before it serves. */
  selfCheck: Type.Optional(Type.Unknown()),
})
export type ModelManifest = Static<typeof ModelManifestSchema>

export const aliases = ['champion', 'challenger', 'shadow'] as const
export type Alias = (typeof aliases)[number]

export const CanaryShareSchema = Type.Number({
  minimum: 0,
  maximum: 1,
  description:
    'Of the challenger of a model of texts: the share of the documents that it answers instead of the champion.',
})

/** `models/<tenant>/<name>/aliases/<alias>.json`. */
export const ModelAliasSchema = Type.Object({
  version: Type.String(),
  /** Only grows, also by a rollback. */
  revision: Type.Integer({ minimum: 1 }),
  changedAt: Type.String(),
  /** The versions that it named before, the newest last; a rollback goes back to the last one and takes it off. */
  history: Type.Optional(Type.Array(Type.String(), { maxItems: 50 })),
  share: Type.Optional(CanaryShareSchema),
})
export type ModelAlias = Static<typeof ModelAliasSchema>

/** A record of `rapport.models.v1`, keyed by `<tenant>/<name>/<alias>`: an alias has moved. */
export const ModelAliasChangeSchema = Type.Object({
  tenant: Type.String(),
  name: Type.String(),
  alias: Type.Enum(aliases),
  version: Type.String(),
  revision: Type.Integer({ minimum: 1 }),
})
export type ModelAliasChange = Static<typeof ModelAliasChangeSchema>
