import { Type, type Static } from 'typebox'
import { ModelNameSchema, ModelVersionNameSchema } from './control.ts'

const closed = { additionalProperties: false } as const
const TimeSchema = Type.String({ format: 'date-time' })
const CountSchema = Type.Integer({ minimum: 0 })
/** Of a row in the body, from 1; the header of a CSV file and blank lines are no rows. */
const RowNumberSchema = Type.Integer({ minimum: 1 })
const Sha256Schema = Type.String({ pattern: '^[0-9a-f]{64}$' })

/** Bounds of a data set that no variable moves. Characters are Unicode code points. */
export const datasetLimits = {
  textCharacters: 100_000,
  labelCharacters: 200,
  idCharacters: 256,
  labelsPerRow: 64,
  /** Different labels. */
  classes: 10_000,
  /** Of one row as it is written in the body. */
  rowBytes: 8 * 1024 ** 2,
  /** Refused rows that the report lists; the others are only counted. */
  listedRejections: 200,
  /** Duplicates, and conflicts, that the report lists. */
  samples: 20,
  /** Rows of one page. */
  pageRows: 1_000,
} as const

export const datasetFormats = ['csv', 'ndjson'] as const
export type DatasetFormat = (typeof datasetFormats)[number]

/** A row that was kept: one line of a part of `datasets/<tenant>/<name>/versions/<version>/`. */
export const DatasetRowSchema = Type.Object(
  {
    row: RowNumberSchema,
    /** As it was sent. */
    text: Type.String(),
    /** One, or with `multiLabel` one or more; absent in a data set without labels. */
    labels: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    id: Type.Optional(Type.String()),
    /** A language tag, for instance `zh` or `en-GB`. */
    language: Type.Optional(Type.String()),
  },
  closed,
)
export type DatasetRow = Static<typeof DatasetRowSchema>

/** Which column, or JSON field, is what. */
export const DatasetColumnsSchema = Type.Object(
  {
    text: Type.String(),
    label: Type.Optional(Type.String({ description: 'Absent in a data set without labels.' })),
    id: Type.Optional(Type.String()),
    language: Type.Optional(Type.String()),
  },
  closed,
)
export type DatasetColumns = Static<typeof DatasetColumnsSchema>

/** A row that was not kept, and why. */
export const RejectedRowSchema = Type.Object(
  {
    row: RowNumberSchema,
    field: Type.String({ description: 'The column or field; empty when the row as a whole is wrong.' }),
    reason: Type.String(),
  },
  closed,
)
export type RejectedDatasetRow = Static<typeof RejectedRowSchema>

/** What was found while a data set was read. Texts are compared after Unicode NFKC, with white space folded. */
export const DatasetReportSchema = Type.Object(
  {
    rowsRead: Type.Integer({ minimum: 0, description: 'Kept and refused.' }),
    rejectedCount: CountSchema,
    rejected: Type.Array(RejectedRowSchema, { description: 'The first refused rows.' }),
    duplicates: Type.Object(
      {
        count: Type.Integer({ minimum: 0, description: 'Kept rows whose text an earlier row has.' }),
        samples: Type.Array(Type.Object({ row: RowNumberSchema, firstRow: RowNumberSchema }, closed)),
      },
      closed,
    ),
    conflicts: Type.Object(
      {
        count: Type.Integer({ minimum: 0, description: 'Duplicates whose labels differ from those of the first row.' }),
        samples: Type.Array(
          Type.Object(
            {
              text: Type.String({ description: 'Its beginning.' }),
              row: RowNumberSchema,
              labels: Type.Array(Type.String()),
              firstRow: RowNumberSchema,
              firstLabels: Type.Optional(Type.Array(Type.String())),
            },
            closed,
          ),
        ),
      },
      closed,
    ),
  },
  closed,
)
export type DatasetReport = Static<typeof DatasetReportSchema>

/** What the API tells of a version. */
export const DatasetVersionSchema = Type.Object(
  {
    name: Type.String(),
    version: Type.String({ description: 'Versions sort by their names: the last one is the newest.' }),
    createdAt: TimeSchema,
    format: Type.Enum(datasetFormats, { description: 'What was sent.' }),
    columns: DatasetColumnsSchema,
    multiLabel: Type.Boolean(),
    rows: Type.Integer({ minimum: 1, description: 'Kept.' }),
    bytes: Type.Integer({ minimum: 1, description: 'Of the kept rows as NDJSON, before compression.' }),
    fingerprint: Type.String({
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the kept rows without their numbers: the same rows in the same order have the same.',
    }),
    classes: Type.Array(Type.Object({ label: Type.String(), rows: Type.Integer({ minimum: 1 }) }, closed), {
      description: 'Rows by label, the most frequent first; empty in a data set without labels.',
    }),
    report: DatasetReportSchema,
  },
  closed,
)
export type DatasetVersion = Static<typeof DatasetVersionSchema>

/** A part of a version: gzip-compressed NDJSON of `DatasetRowSchema`. */
export const DatasetPartSchema = Type.Object(
  {
    path: Type.String({ pattern: '^part-[0-9]{5}\\.ndjson\\.gz$' }),
    /** As it is stored. */
    bytes: Type.Integer({ minimum: 1 }),
    sha256: Sha256Schema,
    rows: Type.Integer({ minimum: 1 }),
    firstRow: RowNumberSchema,
    lastRow: RowNumberSchema,
  },
  closed,
)
export type DatasetPart = Static<typeof DatasetPartSchema>

/** `datasets/<tenant>/<name>/versions/<version>/manifest.json`: written last, never changed. */
export const DatasetManifestSchema = Type.Object(
  { tenant: Type.String(), ...DatasetVersionSchema.properties, parts: Type.Array(DatasetPartSchema, { minItems: 1 }) },
  closed,
)
export type DatasetManifest = Static<typeof DatasetManifestSchema>

export const DatasetParamsSchema = Type.Object({ name: ModelNameSchema })
export const DatasetVersionParamsSchema = Type.Object({ name: ModelNameSchema, version: ModelVersionNameSchema })

/** Query of `POST /v1/datasets/{name}`. */
export const DatasetUploadQuerySchema = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 256, default: 'text', description: 'Column or field of the text.' }),
    label: Type.String({
      maxLength: 256,
      default: 'label',
      description: 'Column or field of the label; empty (`label=`): the data set has none.',
    }),
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Column or field of the row’s id.' })),
    language: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Column or field of the language.' }),
    ),
    multiLabel: Type.Boolean({ default: false, description: 'A label may be several, separated by `|`.' }),
  },
  closed,
)
export type DatasetUploadQuery = Static<typeof DatasetUploadQuerySchema>

const SummarySchema = Type.Object(
  {
    version: Type.String(),
    createdAt: TimeSchema,
    rows: CountSchema,
    bytes: CountSchema,
    fingerprint: Sha256Schema,
  },
  closed,
)
export type DatasetSummary = Static<typeof SummarySchema>

/** `GET /v1/datasets`. */
export const DatasetListSchema = Type.Object(
  {
    datasets: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          versions: Type.Integer({ minimum: 1, description: 'How many there are.' }),
          newest: SummarySchema,
          classes: Type.Integer({ minimum: 0, description: 'Different labels of the newest version.' }),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type DatasetList = Static<typeof DatasetListSchema>

/** `GET /v1/datasets/{name}`: the newest version, and all of them, newest first. */
export const DatasetSchema = Type.Object(
  { name: Type.String(), newest: DatasetVersionSchema, versions: Type.Array(SummarySchema, { minItems: 1 }) },
  closed,
)
export type Dataset = Static<typeof DatasetSchema>

/** Query of `GET /v1/datasets/{name}/versions/{version}/rows`. */
export const DatasetRowsQuerySchema = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: datasetLimits.pageRows, default: 100 }),
    after: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 0,
      description: 'The number of a row: the page begins behind it.',
    }),
  },
  closed,
)
export const DatasetRowsSchema = Type.Object(
  {
    rows: Type.Array(DatasetRowSchema),
    next: Type.Optional(Type.Integer({ minimum: 1, description: '`after` of the next page; absent on the last one.' })),
  },
  closed,
)
export type DatasetRows = Static<typeof DatasetRowsSchema>
